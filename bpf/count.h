/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Counters, in two sets, one of which is written while the agent drains the other. A packet at a hook goes to its
 * processor's own table, else to the shared one, else (fold.h) to a coarser row. Nothing is ever lost.
 */
#ifndef WEIR_COUNT_H
#define WEIR_COUNT_H

#include "fold.h"

const volatile struct config config = { 0 };

#define FLOW_MAP(name, key_type, entries)          \
	struct {                                   \
		__uint(type, BPF_MAP_TYPE_HASH);   \
		__uint(max_entries, entries);      \
		__type(key, key_type);             \
		__type(value, struct val);         \
	} name SEC(".maps")

FLOW_MAP(flows4_0, struct key4, FLOWS_MAX);
FLOW_MAP(flows4_1, struct key4, FLOWS_MAX);
FLOW_MAP(flows6_0, struct key6, FLOWS_MAX);
FLOW_MAP(flows6_1, struct key6, FLOWS_MAX);

/* What drops change is apart, so that flows that fill their tables leave it room. */
FLOW_MAP(drops4_0, struct key4, DROPS_MAX);
FLOW_MAP(drops4_1, struct key4, DROPS_MAX);
FLOW_MAP(drops6_0, struct key6, DROPS_MAX);
FLOW_MAP(drops6_1, struct key6, DROPS_MAX);

/* [buffer][processor][pair], flat. The agent sets the size before loading, and reads it without a system call. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct pair);
} pairs SEC(".maps");

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

struct live live = { 0 };

/* Which buffer is written now. Read once per event. */
static __always_inline __u32 active_buffer(void)
{
	return *(volatile __u32 *)&live.buffer & 1;
}

static __always_inline bool book4(const struct packet *p, const struct entry *e)
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

	if (e->action == ACTION_ACCEPT)
		return e->buffer ? add(&flows4_1, &key, e) : add(&flows4_0, &key, e);
	return e->buffer ? add(&drops4_1, &key, e) : add(&drops4_0, &key, e);
}

static __always_inline bool book6(const struct packet *p, const struct entry *e)
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
	if (e->action == ACTION_ACCEPT)
		return e->buffer ? add(&flows6_1, &key, e) : add(&flows6_0, &key, e);
	return e->buffer ? add(&drops6_1, &key, e) : add(&drops6_0, &key, e);
}

static __always_inline void book(const struct packet *p, const struct entry *e)
{
	if (!(p->v6 ? book6(p, e) : book4(p, e)))
		fold(p, e);
}

static __always_inline __u64 word(const __u32 *of)
{
	return of[0] | (__u64)of[1] << 32;
}

/* A flow as the words of a line. */
struct line {
	__u64 address[4];
	__u64 place; /* ifindex, sport, dport */
	__u32 kind;  /* proto, direction, family; the byte above is no part of it */
};
#define KIND_MASK 0xffffffu

static __always_inline bool is_line(const struct slot *s, const struct line *l, bool v6)
{
	if (s->address[0] != l->address[0] || *(__u64 *)&s->ifindex != l->place ||
	    (*(__u32 *)&s->proto & KIND_MASK) != l->kind)
		return false;
	return !v6 || (s->address[1] == l->address[1] && s->address[2] == l->address[2] &&
		       s->address[3] == l->address[3]);
}

static __always_inline void claim(struct slot *s, const struct line *l, bool v6, const struct entry *e)
{
	s->address[0] = l->address[0];
	if (v6) {
		s->address[1] = l->address[1];
		s->address[2] = l->address[2];
		s->address[3] = l->address[3];
	}
	*(__u64 *)&s->ifindex = l->place;
	*(__u32 *)&s->proto = l->kind | (__u32)e->tcp_flags << 24;
	s->packets = e->amount.packets;
	s->bytes = e->amount.bytes;
	s->first = s->last = e->now;
}

static __always_inline struct pair *pair_of(const struct line *l, bool v6, __u32 buffer)
{
	__u32 cpu = bpf_get_smp_processor_id(), at;
	__u64 h = (l->address[0] ^ config.seed) * 0x9e3779b97f4a7c15ull;

	if (cpu >= config.cpus)
		return NULL;
	if (v6) {
		h = (h ^ h >> 32 ^ l->address[1]) * 0xbf58476d1ce4e5b9ull;
		h = (h ^ h >> 32 ^ l->address[2]) * 0x94d049bb133111ebull;
		h = (h ^ h >> 32 ^ l->address[3]) * 0x9e3779b97f4a7c15ull;
	}
	h = (h ^ h >> 32 ^ l->place ^ (__u64)l->kind << 40) * 0xd6e8feb86659fd93ull;
	at = (buffer * config.cpus + cpu) * config.pairs + ((h ^ h >> 32) & (config.pairs - 1));
	return bpf_map_lookup_elem(&pairs, &at);
}

/*
 * Only for the programs at a hook: they run with softirqs off, so no other of them comes between on this processor. A
 * line once claimed stays its flow's until the buffer is drained. False: both lines are others', or its count is full.
 */
static __always_inline bool add_to_own(const struct packet *p, const struct entry *e)
{
	struct line l;
	struct pair *pair;
	struct slot *s;
	bool v6 = p->v6;

	if (!config.pairs)
		return false;
	if (v6) {
		l.address[0] = word(p->saddr);
		l.address[1] = word(p->saddr + 2);
		l.address[2] = word(p->daddr);
		l.address[3] = word(p->daddr + 2);
	} else {
		l.address[0] = p->saddr[0] | (__u64)p->daddr[0] << 32;
	}
	l.place = e->ifindex | (__u64)p->sport << 32 | (__u64)p->dport << 48;
	l.kind = p->proto | (__u32)e->direction << 8 | (v6 ? 6u : 4u) << 16;
	pair = pair_of(&l, v6, e->buffer);
	if (!pair)
		return false;
	s = &pair->slot[0];
	if (!is_line(s, &l, v6)) {
		if (!s->family) {
			claim(s, &l, v6, e);
			return true;
		}
		s = &pair->slot[1];
		if (!is_line(s, &l, v6)) {
			if (s->family)
				return false;
			claim(s, &l, v6, e);
			return true;
		}
	}
	if ((__u64)s->packets + e->amount.packets > 0xffffffff)
		return false;
	s->packets += e->amount.packets;
	s->bytes += e->amount.bytes;
	s->last = e->now;
	s->tcp_flags |= e->tcp_flags;
	return true;
}

/* Counts the frame at an ENI's device. */
static __always_inline void count_parsed(struct __sk_buff *skb, const struct packet *p, __u8 direction, enum way way)
{
	__u32 gso_size = skb->gso_size;
	struct entry e = {
		.ifindex = skb->ifindex,
		.direction = direction,
		.action = ACTION_ACCEPT,
		.tcp_flags = p->tcp_flags,
		.now = bpf_ktime_get_coarse_ns() >> 20,
		.buffer = active_buffer(),
		.amount = on_wire(p, gso_size, skb->gso_segs),
	};

	if (!add_to_own(p, &e))
		book(p, &e);
	if (gso_size || skb->len != p->l3_bytes + ETH_BYTES)
		add_excess(&e, way, skb->len);
}

/* A frame without a packet that could be counted. */
static __always_inline void count_unparsed(struct __sk_buff *skb, int verdict, enum way way)
{
	add_unparsed(skb->ifindex, active_buffer(), way, verdict == NOT_IP, skb->len);
}

#endif
