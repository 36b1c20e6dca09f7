// SPDX-License-Identifier: MIT
/*
 * The journal: what replays can be compacted, and then replays to as much.
 * The first byte of the input chooses: 1, what follows is not the file's
 * bytes but payloads, each behind its length (2 bytes), to be framed with the
 * right checksums; 2, recover.
 */
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "applets/regd/compact.h"
#include "applets/regd/frame.h"
#include "applets/regd/journal.h"
#include "applets/regd/record.h"
#include "applets/regd/registry.h"
#include "applets/regd/replay.h"
#include "core/base/bytes.h"
#include "core/ident/rng.h"

#define FILE_MAX (1 << 20)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static uint8_t file[FILE_MAX];

static size_t
frame_payloads(const uint8_t *data, size_t len)
{
	struct bytes_reader r = bytes_reader(data, len);
	struct bytes_writer w = bytes_writer(file, sizeof file);
	uint8_t header[FRAME_HEADER_LEN];
	frame_put_file_header(header, 0x01020304);
	bytes_put(&w, header, sizeof header);
	while (r.left > 2 && !w.failed) {
		size_t n = bytes_take_be16(&r);
		n = n < r.left ? n : r.left;
		const uint8_t *payload = bytes_take(&r, n);
		frame_put_header(header, 0x01020304, payload, n);
		bytes_put(&w, header, sizeof header);
		bytes_put(&w, payload, n);
	}
	return w.len;
}

static size_t
stored_nodes(const struct registry *reg)
{
	size_t n = 0;
	for (uint32_t i = 0; i < reg->nodes_len; i++)
		n += reg->nodes[i].id.len != 0;
	return n;
}

static enum err
replay(struct journal *j, struct registry *reg, struct rng *rng, bool recover)
{
	struct replay r = { .record = record_replay,
			    .context = reg,
			    .recover = recover };
	registry_init(reg, rng);
	enum err e = replay_journal(&r, j);
	if (e == ERR_MALFORMED && !r.fault)
		abort();
	return e;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct rng rng;
	struct journal j;
	struct registry first, second;
	rng_init_fixed(&rng, "fuzz", 4);
	if (len < 1 || len > FILE_MAX / 2 ||
	    journal_open(&j, NULL, &rng) != ERR_OK)
		return 0;
	const uint8_t *src = data[0] & 1 ? file : data + 1;
	size_t n = data[0] & 1 ? frame_payloads(data + 1, len - 1) : len - 1;
	if (ftruncate(j.fd, 0) != 0 || pwrite(j.fd, src, n, 0) != (ssize_t)n)
		abort();
	if (replay(&j, &first, &rng, data[0] & 2) == ERR_OK) {
		if (compact_journal(&first, &j) != ERR_OK ||
		    replay(&j, &second, &rng, false) != ERR_OK ||
		    stored_nodes(&first) != stored_nodes(&second) ||
		    first.clusters_len != second.clusters_len)
			abort();
		registry_free(&second);
	}
	registry_free(&first);
	journal_close(&j);
	return 0;
}
