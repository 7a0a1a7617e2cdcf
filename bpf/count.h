/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counters: two pairs of flow maps, one of which is written while the agent drains the other, and per ENI what no row
 * holds. Nothing is ever lost: a packet is in a row or in `uncounted`.
 */
#ifndef WEIR_COUNT_H
#define WEIR_COUNT_H

#include "parse.h"

#define FLOWS_MAX 131072 /* the agent sets its own before loading; a packet of a flow beyond goes to `uncounted` */
#define ENIS_MAX 8192	 /* the agent refuses to attach more */

#define FLOW_MAP(name, key_type)                   \
	struct {                                   \
		__uint(type, BPF_MAP_TYPE_HASH);   \
		__uint(max_entries, FLOWS_MAX);    \
		__type(key, key_type);             \
		__type(value, struct val);         \
	} name SEC(".maps")

FLOW_MAP(flows4_0, struct key4);
FLOW_MAP(flows4_1, struct key4);
FLOW_MAP(flows6_0, struct key6);
FLOW_MAP(flows6_1, struct key6);

/*
 * Updating a map of maps makes the kernel wait until every program that started before has ended: after it, nobody
 * writes the buffer that was just switched off.
 */
struct barrier_inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} barrier_inner SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct barrier_inner);
} barrier SEC(".maps") = { .values = { &barrier_inner } };

/* Filled by the agent, one entry per ENI. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, ENIS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct uncounted);
} uncounted SEC(".maps");

struct live live = { 0 };

/* One entry in the books. Negative amounts wrap; the agent reads them as signed. */
struct entry {
	__u32 ifindex;
	__u8 direction;
	__u8 action;
	__u16 tcp_flags;
	__u16 reason;
	__u32 rule_id;
	__u32 now;
	__u32 buffer;
	struct amount amount;
};

/* Atomic although per CPU: a drop in process context may be interrupted by packets on the same CPU. */
static __always_inline void add_uncounted(const struct entry *e)
{
	struct uncounted *u = bpf_map_lookup_elem(&uncounted, &e->ifindex);

	if (!u)
		return;
	__sync_fetch_and_add(&u->packets[e->direction & 1][(e->action - 1) & 1], e->amount.packets);
	__sync_fetch_and_add(&u->bytes[e->direction & 1][(e->action - 1) & 1], e->amount.bytes);
}

static __always_inline void add_unparsed(__u32 ifindex, int verdict)
{
	struct uncounted *u = bpf_map_lookup_elem(&uncounted, &ifindex);

	if (u)
		__sync_fetch_and_add(verdict == NOT_IP ? &u->not_ip : &u->malformed, 1);
}

static __always_inline void add(void *map, const void *key, const struct entry *e)
{
	struct val *v = bpf_map_lookup_elem(map, key);

	if (!v) {
		struct val first = {
			.packets = e->amount.packets,
			.bytes = e->amount.bytes,
			.first = e->now,
			.last = e->now,
			.tcp_flags = e->tcp_flags,
			.reason = e->reason,
			.rule_id = e->rule_id,
		};

		if (bpf_map_update_elem(map, key, &first, BPF_NOEXIST) == 0)
			return;
		v = bpf_map_lookup_elem(map, key); /* another CPU was first; or the map is full */
		if (!v) {
			add_uncounted(e);
			return;
		}
	}
	__sync_fetch_and_add(&v->packets, e->amount.packets);
	__sync_fetch_and_add(&v->bytes, e->amount.bytes);
	if ((__s32)(e->now - v->last) > 0)
		v->last = e->now;
	/* One atomic word holds flags and reason; both only ever gain bits here. */
	if (e->tcp_flags & ~v->tcp_flags)
		__sync_fetch_and_or((__u32 *)&v->tcp_flags, (__u32)e->tcp_flags);
	if (e->rule_id && v->rule_id != e->rule_id)
		v->rule_id = e->rule_id;
}

static __always_inline void book4(const struct packet *p, const struct entry *e)
{
	struct key4 key = {
		.ifindex = e->ifindex,
		.saddr = p->saddr[0],
		.daddr = p->daddr[0],
		.sport = p->sport,
		.dport = p->dport,
		.proto = p->proto,
		.direction = e->direction,
		.action = e->action,
	};

	if (e->buffer)
		add(&flows4_1, &key, e);
	else
		add(&flows4_0, &key, e);
}

static __always_inline void book6(const struct packet *p, const struct entry *e)
{
	struct key6 key = {
		.ifindex = e->ifindex,
		.sport = p->sport,
		.dport = p->dport,
		.proto = p->proto,
		.direction = e->direction,
		.action = e->action,
	};

	copy_address(key.saddr, p->saddr);
	copy_address(key.daddr, p->daddr);
	if (e->buffer)
		add(&flows6_1, &key, e);
	else
		add(&flows6_0, &key, e);
}

static __always_inline void book(const struct packet *p, const struct entry *e)
{
	if (p->v6)
		book6(p, e);
	else
		book4(p, e);
}

/* Which buffer is written now. Read once per event, so that the two halves of a re-booking land in one. */
static __always_inline __u32 active_buffer(void)
{
	return *(volatile __u32 *)&live.buffer;
}

/* Counts the frame at an ENI's device. */
static __always_inline void count_parsed(struct __sk_buff *skb, const struct packet *p, __u8 direction)
{
	struct entry e = {
		.ifindex = skb->ifindex,
		.direction = direction,
		.action = ACTION_ACCEPT,
		.tcp_flags = p->tcp_flags,
		.now = bpf_ktime_get_coarse_ns() >> 20,
		.buffer = active_buffer(),
		.amount = on_wire(p, skb->gso_size, skb->gso_segs),
	};

	book(p, &e);
}

#endif
