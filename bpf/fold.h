/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Shared tables, and where a packet goes whose table is full: to a coarser row, in a table of its own with room of its
 * own, at last to the one of its ENI, family, direction and action, which the agent has made. Also the ENIs' books.
 */
#ifndef WEIR_FOLD_H
#define WEIR_FOLD_H

#include "parse.h"
#include "hook.h"

/* The agent sets sizes of its own before loading; what happens above them is the next fold. */
#define FLOWS_MAX 131072
#define DROPS_MAX 32768
#define COARSE_MAX 16384
#define ENIS_MAX 8192 /* the agent refuses to attach more */

/* One entry in the books. */
struct entry {
	__u32 ifindex;
	__u8 direction;
	__u8 action;
	__u8 tcp_flags;
	__u8 hook;
	__u16 reason;
	__u32 rule_id;
	__u32 now;
	__u32 buffer;
	struct amount amount;
};

#define COARSE_MAP(name)                           \
	struct {                                   \
		__uint(type, BPF_MAP_TYPE_HASH);   \
		__uint(max_entries, COARSE_MAX);   \
		__type(key, struct coarse);        \
		__type(value, struct val);         \
	} name SEC(".maps")

COARSE_MAP(ports_0);
COARSE_MAP(ports_1);
COARSE_MAP(prefixes_0);
COARSE_MAP(prefixes_1);

/* Filled by the agent, one entry per ENI. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, ENIS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct eni_books);
} books SEC(".maps");

/* Filled by the agent, one entry per ENI and buffer. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 2 * ENIS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct sketch_key);
	__type(value, struct sketch);
} sketches SEC(".maps");

static __always_inline struct eni_half *half_of(__u32 ifindex, __u32 buffer)
{
	struct eni_books *b = bpf_map_lookup_elem(&books, &ifindex);

	return b ? &b->half[buffer & 1] : NULL;
}

static __noinline void add_excess(const struct entry *e, enum way way, __u32 frame_bytes)
{
	struct eni_half *half = half_of(e->ifindex, e->buffer);
	struct frames *f;

	if (!half)
		return;
	f = &half->frames[way & 1];
	f->excess += e->amount.packets - 1;
	f->excess_bytes += e->amount.bytes + e->amount.packets * ETH_BYTES - frame_bytes;
}

static __noinline void add_unparsed(__u32 ifindex, __u32 buffer, enum way way, bool not_ip, __u32 frame_bytes)
{
	struct eni_half *half = half_of(ifindex, buffer);
	struct frames *f;

	if (!half)
		return;
	f = &half->frames[way & 1];
	if (not_ip) {
		f->not_ip++;
		f->not_ip_bytes += frame_bytes;
	} else {
		f->malformed++;
		f->malformed_bytes += frame_bytes;
	}
}

/* False: there is no such row and the table is full. */
static __always_inline bool add(void *map, const void *key, const struct entry *e)
{
	struct val *v = bpf_map_lookup_elem(map, key);

	if (!v) {
		struct val first = {
			.packets = e->amount.packets,
			.bytes = e->amount.bytes,
			.first = e->now,
			.last = e->now,
			.tcp_flags = e->tcp_flags,
			.hook = e->hook,
			.reason = e->reason,
			.rule_id = e->rule_id,
		};

		if (bpf_map_update_elem(map, key, &first, BPF_NOEXIST) == 0)
			return true;
		v = bpf_map_lookup_elem(map, key); /* another CPU was first; or the map is full */
		if (!v)
			return false;
	}
	__sync_fetch_and_add(&v->packets, e->amount.packets);
	__sync_fetch_and_add(&v->bytes, e->amount.bytes);
	if ((__s32)(e->now - v->last) > 0)
		v->last = e->now;
	/* The atomic word begins with the flags; they only ever gain bits. */
	if (e->tcp_flags & ~v->tcp_flags)
		__sync_fetch_and_or((__u32 *)&v->tcp_flags, (__u32)e->tcp_flags);
	if (e->rule_id != v->rule_id)
		v->rule_id = RULE_MIXED;
	if (e->hook != v->hook)
		v->hook = common_hook(v->hook, e->hook);
	return true;
}

static __always_inline __u64 mixed(__u64 h, __u64 more)
{
	h = (h ^ more) * 0x9e3779b97f4a7c15ull;
	return h ^ h >> 32;
}

/* An update lost to an interruption only makes the estimate smaller. */
static __always_inline void sketch_flow(const struct packet *p, const struct entry *e)
{
	struct sketch_key key = { e->ifindex, e->buffer };
	struct sketch *sketch = bpf_map_lookup_elem(&sketches, &key);
	__u64 h = p->proto | (__u64)e->direction << 8 | (__u64)p->v6 << 16 | (__u64)p->sport << 32 |
		  (__u64)p->dport << 48;
	__u8 *register_, rank = 1;

	if (!sketch)
		return;
	h = mixed(h, p->saddr[0] | (__u64)p->daddr[0] << 32);
	if (p->v6) {
		h = mixed(h, p->saddr[1] | (__u64)p->daddr[1] << 32);
		h = mixed(h, p->saddr[2] | (__u64)p->daddr[2] << 32);
		h = mixed(h, p->saddr[3] | (__u64)p->daddr[3] << 32);
	}
	h = mixed(h, h >> 29);
	register_ = &sketch->rank[h & (SKETCH_REGISTERS - 1)];
	h >>= 8;
	for (int i = 0; i < 40 && !(h >> i & 1); i++)
		rank++;
	if (*register_ < rank)
		*register_ = rank;
}

/* Atomic although per CPU: a drop in process context may be interrupted by packets on the same CPU. */
static __always_inline void add_to_eni(const struct packet *p, const struct entry *e, bool last)
{
	struct eni_half *half = half_of(e->ifindex, e->buffer);
	__u32 action = e->action - 1;

	if (!half || action >= ACTIONS)
		return;
	__sync_fetch_and_add(&half->folded_packets, e->amount.packets);
	if (!last)
		return;
	__sync_fetch_and_add(&half->packets[p->v6 & 1][e->direction & 1][action], e->amount.packets);
	__sync_fetch_and_add(&half->bytes[p->v6 & 1][e->direction & 1][action], e->amount.bytes);
}

/* A packet whose flow found no row. */
static __noinline void fold(const struct packet *p, const struct entry *e)
{
	struct coarse key = {
		.ifindex = e->ifindex,
		.proto = p->proto,
		.direction = e->direction,
		.action = e->action,
		.fold = FOLD_PORTS,
		.family = p->v6 ? 6 : 4,
	};
	__u32 *remote = e->direction == DIRECTION_OUT ? key.daddr : key.saddr;
	bool last = false;

	if (p->v6) {
		copy_address(key.saddr, p->saddr);
		copy_address(key.daddr, p->daddr);
	} else {
		key.saddr[2] = key.daddr[2] = bpf_htonl(0xffff);
		key.saddr[3] = p->saddr[0];
		key.daddr[3] = p->daddr[0];
	}
	sketch_flow(p, e);
	if (!(e->buffer ? add(&ports_1, &key, e) : add(&ports_0, &key, e))) {
		key.fold = FOLD_PREFIX;
		if (p->v6)
			remote[2] = remote[3] = 0;
		else
			remote[3] &= bpf_htonl(0xffffff00);
		last = !(e->buffer ? add(&prefixes_1, &key, e) : add(&prefixes_0, &key, e));
	}
	add_to_eni(p, e, last);
}

#endif
