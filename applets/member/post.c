// SPDX-License-Identifier: MIT
#include "applets/member/post.h"

void
posts_init(struct peer_posts *posts)
{
	posts->first = NULL;
	posts->last = &posts->first;
}

void
posts_add(struct peer_posts *posts, struct peer_post *post)
{
	post->next = NULL;
	*posts->last = post;
	posts->last = &post->next;
}

void
posts_put_back(struct peer_posts *posts, struct peer_post *post)
{
	post->next = posts->first;
	posts->first = post;
	if (!post->next)
		posts->last = &post->next;
}

bool
posts_remove(struct peer_posts *posts, struct peer_post *post)
{
	struct peer_post **link = &posts->first;
	while (*link && *link != post)
		link = &(*link)->next;
	if (!*link)
		return false;
	*link = post->next;
	if (!*link)
		posts->last = link;
	return true;
}

struct peer_post *
posts_take(struct peer_posts *posts)
{
	struct peer_post *post = posts->first;
	if (post)
		(void)posts_remove(posts, post);
	return post;
}

void
posts_answer(struct peer_posts *posts, enum peer_answer answer)
{
	for (struct peer_post *post; (post = posts_take(posts));)
		post->answered(post, answer);
}
