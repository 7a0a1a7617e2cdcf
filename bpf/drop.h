/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What netfilter dropped. A packet that was counted at an ENI's ingress carries the ENI's tag; if the drop is charged
 * to it, the packet moves from ACCEPT to REJECT. A packet that had yet to pass an ENI's egress is added as REJECT
 * there. Every dropped packet is charged to one ENI at most. What is dropped for another reason stays where it was
 * counted, and is counted beside by its reason.
 */
#ifndef WEIR_DROP_H
#define WEIR_DROP_H

#include "count.h"

#define FRAGMENTS_MAX 64 /* fragments of one reassembled packet that are followed; 64 kB in pieces of 1 kB */
#define LOST_MAX 8192	 /* ENIs times directions times reasons */

/* Filled by the agent: tag -> ENI. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ENIS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct eni);
} enis SEC(".maps");

/* Filled by the agent: address of an ENI behind a device -> its ifindex; 0 where two ENIs share the address. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8 * ENIS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct address);
	__type(value, __u32);
} addresses SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ignored);
} ignored SEC(".maps");

/* A reason that finds no room is counted as `unlisted`. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, LOST_MAX);
	__type(key, struct lost_key);
	__type(value, struct lost);
} lost SEC(".maps");

struct dropped {
	struct sk_buff *skb;
	struct eni *source;	/* counted at this ENI's ingress, or NULL */
	struct eni *target;	/* on its way out through this ENI's device, or NULL */
	struct net_device *route_dev;
	bool routed;
	__u32 ifindex;		/* of skb->dev, or 0 */
	__u8 hook;
	struct packet packet;
	struct amount amount;
};

#define IGNORE(member)                                                                  \
	({                                                                              \
		__u32 zero = 0;                                                         \
		struct ignored *counts = bpf_map_lookup_elem(&ignored, &zero);          \
		if (counts)                                                             \
			__sync_fetch_and_add(&counts->member, 1);                       \
	})

static __always_inline struct eni *eni_of_device(__u32 ifindex)
{
	__u32 tag = TAG(ifindex);
	struct eni *eni = bpf_map_lookup_elem(&enis, &tag);

	return eni && eni->ifindex == ifindex ? eni : NULL;
}

static __always_inline struct eni *eni_of_address(const struct packet *p)
{
	struct address a = {};
	__u32 *ifindex;

	if (p->v6) {
		copy_address(a.word, p->daddr);
	} else {
		a.word[2] = bpf_htonl(0xffff);
		a.word[3] = p->daddr[0];
	}
	ifindex = bpf_map_lookup_elem(&addresses, &a);
	return ifindex && *ifindex ? eni_of_device(*ifindex) : NULL;
}

/* The device a routed packet would leave by. A tunnel's metadata is no route. */
static __always_inline void read_route(struct dropped *d)
{
	struct dst_entry *dst = (void *)(d->skb->_skb_refdst & ~SKB_DST_NOREF);

	if (!dst || BPF_CORE_READ(dst, flags) & DST_METADATA)
		return;
	d->routed = true;
	d->route_dev = BPF_CORE_READ(dst, dev);
}

/* A drop in a guest's own namespace, or in any other, is not a verdict of this host. */
static __always_inline bool is_here(const struct dropped *d)
{
	struct net_device *dev = d->skb->dev, *route_dev = d->route_dev;

	if (dev)
		return dev->nd_net.net->ns.inum == config.netns;
	return route_dev && BPF_CORE_READ(route_dev, nd_net.net, ns.inum) == config.netns;
}

/* The device hooks stand before the network header, the transport's behind it: hence the signed distance. */
static __always_inline bool read_packet(struct dropped *d)
{
	struct sk_buff *skb = d->skb;
	unsigned char *l3 = skb->head + skb->network_header;
	int ahead = skb->data - l3;
	struct skb_shared_info *shared = (void *)(skb->head + skb->end);
	__u32 gso_size = BPF_CORE_READ(shared, gso_size);
	struct sk_buff *piece = BPF_CORE_READ(shared, frag_list);
	struct reader r = {
		.start = l3,
		.linear_bytes = skb->len - skb->data_len + ahead,
		.total_bytes = skb->len + ahead,
		.super = gso_size != 0,
	};

	if (walk(&r, skb->protocol, 0, &d->packet) != PARSED)
		return false;
	d->amount = on_wire(&d->packet, gso_size, BPF_CORE_READ(shared, gso_segs));
	if (gso_size || !piece)
		return true;
	/* Reassembled: the head's drop stands for all pieces, each of which had an IP header of its own. */
	if (d->packet.v6)
		d->amount.bytes += 8; /* the head lost its fragment header */
	for (int i = 0; i < FRAGMENTS_MAX && piece; i++) {
		d->amount.packets++;
		d->amount.bytes += d->packet.v6 ? sizeof(struct ipv6hdr) + 8 : sizeof(struct iphdr);
		piece = BPF_CORE_READ(piece, next);
	}
	return true;
}

#define UNDO_NAT(p, ct, which)                                                                       \
	do {                                                                                         \
		if (BPF_CORE_READ(ct, tuplehash[which].tuple.dst.protonum) != (p)->proto)            \
			break;                                                                       \
		BPF_CORE_READ_INTO(&(p)->saddr, ct, tuplehash[which].tuple.src.u3.all);              \
		BPF_CORE_READ_INTO(&(p)->daddr, ct, tuplehash[which].tuple.dst.u3.all);              \
		if ((p)->proto == IPPROTO_ICMP || (p)->proto == IPPROTO_ICMPV6)                      \
			break;                                                                       \
		(p)->sport = BPF_CORE_READ(ct, tuplehash[which].tuple.src.u.all);                    \
		(p)->dport = BPF_CORE_READ(ct, tuplehash[which].tuple.dst.u.all);                    \
	} while (0)

/* Without conntrack in the kernel its types are unknown, and there is no translation either. */
static __always_inline bool is_translated(const struct dropped *d)
{
	struct nf_conn *ct;

	if (!bpf_core_type_exists(struct nf_conn))
		return false;
	ct = (void *)(d->skb->_nfct & ~NFCT_INFO_MASK);
	return ct && BPF_CORE_READ(ct, status) & IPS_NAT_MASK;
}

/* Back to the addresses the packet had at its ingress, where it was counted. */
static __always_inline void undo_nat(struct dropped *d)
{
	unsigned long nfct = d->skb->_nfct;
	struct nf_conn *ct = (void *)(nfct & ~NFCT_INFO_MASK);

	if ((nfct & NFCT_INFO_MASK) >= IP_CT_IS_REPLY)
		UNDO_NAT(&d->packet, ct, 1);
	else
		UNDO_NAT(&d->packet, ct, 0);
}

/*
 * The ENI by whose egress the packet was about to pass:
 * its device is already set (bridge forward and postrouting, IP postrouting, netdev egress), or the packet is routed to
 * an ENI's address, or it comes from no ENI and its route leaves by an ENI's device (the host's own, in output hooks).
 */
static __always_inline struct eni *target_of(const struct dropped *d)
{
	struct net_device *route_dev = d->route_dev;
	struct eni *eni = d->ifindex ? eni_of_device(d->ifindex) : NULL;

	if (eni && (!d->source || eni->ifindex != d->source->ifindex))
		return eni;
	if (!d->routed)
		return NULL;
	eni = eni_of_address(&d->packet);
	if (eni && (!d->source || eni->ifindex != d->source->ifindex))
		return eni;
	if (!d->source && route_dev)
		return eni_of_device(BPF_CORE_READ(route_dev, ifindex));
	return NULL;
}

/* A flooded packet that has left its ingress device is one of several copies. */
static __always_inline bool is_copy(const struct dropped *d)
{
	struct sk_buff *skb = d->skb;
	__u32 type = BPF_CORE_READ_BITFIELD(skb, pkt_type);

	return (type == PACKET_BROADCAST || type == PACKET_MULTICAST) && d->ifindex != d->source->ifindex;
}

static __always_inline void charge(struct dropped *d, __u16 reason)
{
	bool translated = is_translated(d);
	__u32 mark = d->skb->mark;
	bool named = (mark & MARK_MASK) == MARK_MAGIC;
	bool sender_pays = named && MARK_SENDER(mark);
	struct entry e = {
		.action = ACTION_REJECT,
		.tcp_flags = d->packet.tcp_flags,
		.hook = d->hook,
		.reason = reason,
		.rule_id = named ? MARK_RULE(mark) : 0,
		.now = bpf_ktime_get_ns() >> 20, /* the coarse clock is not for tracing programs */
		.buffer = active_buffer(),
		.amount = d->amount,
	};

	/* What leaves through a `self` device without having entered by an ENI was sent by that ENI. */
	if (d->target && (!sender_pays || (!d->source && d->target->side == SIDE_SELF))) {
		e.ifindex = d->target->ifindex;
		e.direction = d->target->side == SIDE_SELF ? DIRECTION_OUT : DIRECTION_IN;
		if (translated && translates(e.hook))
			e.hook |= HOOK_ALTERED;
		book(&d->packet, &e);
		return;
	}
	if (!d->source) {
		IGNORE(unattributed);
		return;
	}
	if (is_copy(d)) {
		IGNORE(copies);
		return;
	}
	if (translated) {
		undo_nat(d);
		e.hook |= HOOK_ALTERED;
	}
	e.action = ACTION_MOVED;
	e.ifindex = d->source->ifindex;
	e.direction = d->source->side == SIDE_SELF ? DIRECTION_IN : DIRECTION_OUT;
	book(&d->packet, &e);
}

/* Fills in all but the packet. False: not a drop of this host's, or of nothing that passed an ENI. */
static __always_inline bool read_ends(struct dropped *d)
{
	__u32 tag = d->skb->tc_index;
	struct net_device *dev = d->skb->dev;

	read_route(d);
	if (!is_here(d))
		return false;
	if (tag)
		d->source = bpf_map_lookup_elem(&enis, &tag);
	if (dev)
		d->ifindex = dev->ifindex;
	return true;
}

static __always_inline void on_netfilter_drop(void *ctx, struct sk_buff *skb, __u16 reason)
{
	struct dropped d = { .skb = skb };

	if (!read_ends(&d))
		return;
	/* Came in by this device, yet was not counted there (not IP, or before the attachment): not ours to charge. */
	if (!d.source && d.ifindex && d.ifindex == (__u32)skb->skb_iif)
		return;
	if (!read_packet(&d)) {
		IGNORE(unreadable);
		return;
	}
	d.target = target_of(&d);
	/* A rule that names itself names its hook; the stack costs more than all the rest. */
	if ((skb->mark & MARK_MASK) != MARK_MAGIC)
		d.hook = dropped_at(ctx, skb);
	charge(&d, reason);
}

/* No verdict: of the ENI whose device it was about to leave by or had passed, else of the one it came in by. */
static __always_inline void on_other_drop(struct sk_buff *skb, __u32 reason)
{
	struct dropped d = { .skb = skb };
	struct lost_key key = { .reason = reason };
	struct eni *eni;
	struct lost *l;
	bool entered;

	if (!read_ends(&d))
		return;
	eni = d.ifindex ? eni_of_device(d.ifindex) : NULL;
	entered = !eni || (d.source ? eni->ifindex == d.source->ifindex : d.ifindex == (__u32)skb->skb_iif);
	if (d.source && entered)
		eni = d.source;
	if (!eni)
		return;
	if (!read_packet(&d)) {
		d.amount.packets = 1;
		d.amount.bytes = skb->len;
	}
	key.ifindex = eni->ifindex;
	key.direction = (eni->side == SIDE_SELF) == entered ? DIRECTION_IN : DIRECTION_OUT;
	l = bpf_map_lookup_elem(&lost, &key);
	if (!l) {
		struct lost none = {};

		bpf_map_update_elem(&lost, &key, &none, BPF_NOEXIST);
		l = bpf_map_lookup_elem(&lost, &key);
		if (!l) {
			IGNORE(unlisted);
			return;
		}
	}
	__sync_fetch_and_add(&l->packets, d.amount.packets);
	__sync_fetch_and_add(&l->bytes, d.amount.bytes);
}

#endif
