// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * The product's programs. Two per side at tcx, because direction is the ENI's and not the device's; one on the kernel's
 * drop event. tcx ingress runs before every netfilter hook, tcx egress after.
 */
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include "flow.h"
#include "count.h"
#include "drop.h"

char _license[] SEC("license") = "Dual BSD/GPL";

/* The tag marks what was counted: what is dropped later without a tag is not taken out of any row. */
static __always_inline int ingress(struct __sk_buff *skb, __u8 direction)
{
	struct packet p;
	int verdict = parse(skb, &p);

	if (verdict != PARSED) {
		skb->tc_index = 0;
		count_unparsed(skb, verdict, WAY_RX);
		return TCX_NEXT;
	}
	skb->tc_index = TAG(skb->ifindex);
	count_parsed(skb, &p, direction, WAY_RX);
	return TCX_NEXT;
}

/* The packet leaves this host's rules: whoever meets it next must not take the tag for its own. */
static __always_inline int egress(struct __sk_buff *skb, __u8 direction)
{
	struct packet p;
	int verdict = parse(skb, &p);

	skb->tc_index = 0;
	if (verdict != PARSED)
		count_unparsed(skb, verdict, WAY_TX);
	else
		count_parsed(skb, &p, direction, WAY_TX);
	return TCX_NEXT;
}

SEC("tc")
int behind_ingress(struct __sk_buff *skb)
{
	return ingress(skb, DIRECTION_OUT);
}

SEC("tc")
int behind_egress(struct __sk_buff *skb)
{
	return egress(skb, DIRECTION_IN);
}

SEC("tc")
int self_ingress(struct __sk_buff *skb)
{
	/* The host's copy of a multicast it sent itself never was on the wire. */
	if (skb->pkt_type == PACKET_LOOPBACK)
		return TCX_NEXT;
	return ingress(skb, DIRECTION_IN);
}

SEC("tc")
int self_egress(struct __sk_buff *skb)
{
	return egress(skb, DIRECTION_OUT);
}

/* Arguments: the buffer, the place in the kernel, the reason. */
SEC("tp_btf/kfree_skb")
int netfilter_drop(__u64 *ctx)
{
	__u32 reason = ctx[2];

	if (reason == bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_NETFILTER_DROP))
		on_netfilter_drop(ctx, (struct sk_buff *)ctx[0], reason);
	return 0;
}

/* A program of its own: while one runs, the kernel leaves out what interrupts it, and no verdict may be left out. */
SEC("tp_btf/kfree_skb")
int other_drop(__u64 *ctx)
{
	__u32 reason = ctx[2];

	if (reason != bpf_core_enum_value(enum skb_drop_reason, SKB_DROP_REASON_NETFILTER_DROP))
		on_other_drop((struct sk_buff *)ctx[0], reason);
	return 0;
}
