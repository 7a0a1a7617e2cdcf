// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The product's programs and what they are measured against. Not part of the product.
 */
#include "flow.bpf.c"

/* In a section of its own, so that the product's sections keep their layout. */
SEC(".data.bench") __u32 runs = 0;

/* The cost of the test bench itself. */
SEC("tc")
int empty(struct __sk_buff *skb)
{
	return TCX_NEXT;
}

/* The floor: reading the headers, counting nothing. */
SEC("tc")
int parse_only(struct __sk_buff *skb)
{
	struct packet p;
	int verdict = parse(skb, &p);

	return verdict == PARSED ? p.l3_bytes + p.sport + p.saddr[0] + p.tcp_flags : verdict;
}

/* As behind_ingress, with the source address spread over `mask` + 1 values, each met once per round, in no order. */
static __always_inline int spread(struct __sk_buff *skb, __u32 mask)
{
	struct packet p;
	int verdict = parse(skb, &p);

	if (verdict != PARSED)
		return TCX_NEXT;
	skb->tc_index = TAG(skb->ifindex);
	p.saddr[0] = runs++ * 2654435761u & mask;
	count_parsed(skb, &p, DIRECTION_OUT, WAY_RX);
	return TCX_NEXT;
}

#define SPREAD(name, mask)          \
	SEC("tc")                   \
	int name(struct __sk_buff *skb) \
	{                           \
		return spread(skb, mask); \
	}

SPREAD(flows_4k, 0xfff)
SPREAD(flows_64k, 0xffff)
SPREAD(flows_512k, 0x7ffff)
SPREAD(flows_1m, 0xfffff)
