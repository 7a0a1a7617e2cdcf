/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The header walk: from a frame (or a dropped buffer) to its addresses, ports, flags and IP length.
 * One walk serves both; they differ only in how bytes are read. A fast path covers the common frames.
 */
#ifndef WEIR_PARSE_H
#define WEIR_PARSE_H

struct packet {
	__u32 saddr[4]; /* IPv4 in word 0 */
	__u32 daddr[4];
	__be16 sport;
	__be16 dport;
	__u8 proto;
	__u8 v6;
	__u8 tcp_flags;
	__u32 l3_bytes;	    /* IP header and everything behind it */
	__u32 header_bytes; /* IP and transport header; every segment of a super-packet repeats them */
};

enum verdict { PARSED = 0, NOT_IP = 1, MALFORMED = 2 };
enum fragment { WHOLE, FIRST_FRAGMENT, LATER_FRAGMENT };

/* The start of a TCP header; its first four bytes are the ports of every protocol that has ports. */
struct l4_start {
	__be16 source;
	__be16 dest;
	__u32 seq;
	__u32 ack;
	__u8 data_offset;
	__u8 flags;
};
#define L4_START_BYTES 14 /* without the structure's padding */
#define L4_PORTS_BYTES 4
#define ETH_BYTES 14
#define VLAN_TAGS_MAX 2	   /* deeper tags are counted as not IP */
#define V6_EXTENSIONS_MAX 8 /* behind more the walk stops; ports are 0, the protocol is the next header met */

/* Ports of a datagram's first fragment, for the fragments behind it. Oldest entries give way. */
struct fragment_key {
	__u32 saddr[4];
	__u32 daddr[4];
	__u32 id;
	__u32 proto;
};
struct fragment_ports {
	__be16 sport;
	__be16 dport;
};
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct fragment_key);
	__type(value, struct fragment_ports);
} fragments SEC(".maps");

/* Where bytes come from: the frame of a tc program, or (frame == NULL) kernel memory with linear_bytes readable. */
struct reader {
	struct __sk_buff *frame;
	const unsigned char *start;
	__u32 linear_bytes;
	__u32 total_bytes;
	bool super; /* a GSO super-packet: the IP header's length does not count */
};

static __always_inline bool load(const struct reader *r, __u32 offset, void *to, __u32 size)
{
	if (r->frame)
		return bpf_skb_load_bytes(r->frame, offset, to, size) == 0;
	return offset + size <= r->linear_bytes && bpf_probe_read_kernel(to, size, r->start + offset) == 0;
}

/* A padded frame is longer than its packet, and a forged length may claim more than there is. */
static __always_inline __u32 l3_length(__u32 claimed, __u32 available, bool super)
{
	return super || !claimed || claimed > available ? available : claimed;
}

static __always_inline void copy_address(__u32 *to, const __be32 *from)
{
	__builtin_memcpy(to, from, 16);
}

/* `whole`: all of L4_START_BYTES are there, not only the ports. */
static __always_inline void set_l4(struct packet *p, const struct l4_start *l4, bool whole)
{
	switch (p->proto) {
	case IPPROTO_TCP:
		p->sport = l4->source;
		p->dport = l4->dest;
		if (whole) {
			p->tcp_flags = l4->flags;
			p->header_bytes += (l4->data_offset >> 4) * 4;
		}
		break;
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_SCTP:
	case IPPROTO_DCCP:
		p->sport = l4->source;
		p->dport = l4->dest;
		p->header_bytes += 8;
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		p->dport = l4->source; /* the two bytes type and code */
		break;
	}
}

static __always_inline void clear(struct packet *p)
{
	p->sport = p->dport = 0;
	p->tcp_flags = 0;
	p->header_bytes = 0;
}

static __always_inline void fragment_key_of(struct fragment_key *key, const struct packet *p, __u32 id)
{
	__builtin_memset(key, 0, sizeof(*key));
	if (p->v6) {
		copy_address(key->saddr, p->saddr);
		copy_address(key->daddr, p->daddr);
	} else {
		key->saddr[0] = p->saddr[0];
		key->daddr[0] = p->daddr[0];
	}
	key->id = id;
	key->proto = p->proto;
}

/* Reads the transport header at `offset`; a later fragment takes its ports from the first one, if that was seen. */
static __always_inline void walk_l4(const struct reader *r, __u32 offset, struct packet *p,
				    enum fragment kind, __u32 id)
{
	struct fragment_key key;
	struct l4_start l4 = {};

	if (kind == LATER_FRAGMENT) {
		struct fragment_ports *ports;

		fragment_key_of(&key, p, id);
		ports = bpf_map_lookup_elem(&fragments, &key);
		if (ports) {
			p->sport = ports->sport;
			p->dport = ports->dport;
		}
		return;
	}
	if (load(r, offset, &l4, L4_START_BYTES))
		set_l4(p, &l4, true);
	else if (load(r, offset, &l4, L4_PORTS_BYTES))
		set_l4(p, &l4, false);
	if (kind == FIRST_FRAGMENT) {
		struct fragment_ports ports = { p->sport, p->dport };

		fragment_key_of(&key, p, id);
		bpf_map_update_elem(&fragments, &key, &ports, BPF_ANY);
	}
}

static __always_inline enum verdict walk4(const struct reader *r, __u32 offset, struct packet *p)
{
	enum fragment kind = WHOLE;
	struct iphdr ip;
	__u16 frag_off;

	if (!load(r, offset, &ip, sizeof(ip)))
		return MALFORMED;
	p->header_bytes = (ip.version_ihl & 15) * 4;
	p->l3_bytes = l3_length(bpf_ntohs(ip.tot_len), r->total_bytes - offset, r->super);
	if (ip.version_ihl >> 4 != 4 || p->header_bytes < sizeof(ip) || p->l3_bytes < p->header_bytes)
		return MALFORMED;
	p->v6 = 0;
	p->saddr[0] = ip.saddr;
	p->daddr[0] = ip.daddr;
	p->proto = ip.protocol;
	frag_off = bpf_ntohs(ip.frag_off);
	if (frag_off & 0x1fff)
		kind = LATER_FRAGMENT;
	else if (frag_off & 0x2000)
		kind = FIRST_FRAGMENT;
	walk_l4(r, offset + p->header_bytes, p, kind, ip.id);
	return PARSED;
}

static __always_inline bool is_extension(__u8 next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_FRAGMENT || next == IPPROTO_AH ||
	       next == IPPROTO_DSTOPTS || next == IPPROTO_MH;
}

struct extension {
	__u8 next;
	__u8 length; /* in 8-byte units behind the first 8; AH: in 4-byte units behind the first 8 */
	__be16 frag_off;
	__u32 id;
};

/* Where the walk through the extension headers stands. */
struct extensions {
	struct reader reader;
	__u32 offset; /* of the header `next` names */
	__u32 id;
	enum fragment kind;
	__u8 next;
};

/* One step; true ends the walk. */
static __always_inline bool past_extension(struct extensions *at)
{
	struct extension x;
	__u16 frag_off;

	if (!is_extension(at->next) || !load(&at->reader, at->offset, &x, sizeof(x)))
		return true;
	if (at->next == IPPROTO_FRAGMENT) {
		frag_off = bpf_ntohs(x.frag_off);
		if (frag_off & 0xfff8)
			at->kind = LATER_FRAGMENT;
		else if (frag_off & 1)
			at->kind = FIRST_FRAGMENT;
		at->id = x.id;
		at->offset += 8;
	} else {
		at->offset += at->next == IPPROTO_AH ? (x.length + 2) * 4 : (x.length + 1) * 8;
	}
	at->next = x.next;
	return at->kind == LATER_FRAGMENT;
}

/* Two callbacks, because one program type may not call what the other reads with. */
static long past_extension_in_frame(__u32 index, struct extensions *at)
{
	return past_extension(at);
}

static long past_extension_in_memory(__u32 index, struct extensions *at)
{
	at->reader.frame = NULL;
	return past_extension(at);
}

static __always_inline enum verdict walk6(const struct reader *r, __u32 offset, struct packet *p)
{
	struct extensions at = { .reader = *r, .offset = offset + sizeof(struct ipv6hdr), .kind = WHOLE };
	struct ipv6hdr ip;
	__u32 claimed;

	if (!load(r, offset, &ip, sizeof(ip)) || ip.version_class >> 4 != 6)
		return MALFORMED;
	claimed = bpf_ntohs(ip.payload_len);
	p->l3_bytes = l3_length(claimed ? claimed + sizeof(ip) : 0, r->total_bytes - offset, r->super);
	p->v6 = 1;
	copy_address(p->saddr, ip.saddr);
	copy_address(p->daddr, ip.daddr);
	at.next = ip.nexthdr;
	if (is_extension(at.next)) {
		if (r->frame)
			bpf_loop(V6_EXTENSIONS_MAX, past_extension_in_frame, &at, 0);
		else
			bpf_loop(V6_EXTENSIONS_MAX, past_extension_in_memory, &at, 0);
	}
	p->proto = at.next;
	p->header_bytes = at.offset - offset;
	walk_l4(r, at.offset, p, at.kind, at.id);
	return PARSED;
}

/* `eth` is the type of what stands at `offset`: IP, or a VLAN tag before it. */
static __always_inline enum verdict walk(const struct reader *r, __be16 eth, __u32 offset, struct packet *p)
{
	for (int i = 0; i < VLAN_TAGS_MAX; i++) {
		if (eth != bpf_htons(ETH_P_8021Q) && eth != bpf_htons(ETH_P_8021AD))
			break;
		if (!load(r, offset + 2, &eth, sizeof(eth)))
			return MALFORMED;
		offset += 4;
	}
	clear(p);
	if (eth == bpf_htons(ETH_P_IP))
		return walk4(r, offset, p);
	if (eth == bpf_htons(ETH_P_IPV6))
		return walk6(r, offset, p);
	return NOT_IP;
}

/* VLAN tags, options, extension headers, fragments, headers outside the linear part. */
static __noinline int parse_any(struct __sk_buff *skb, struct packet *p)
{
	struct reader r = { .frame = skb, .total_bytes = skb->len, .super = skb->gso_size != 0 };
	__be16 eth;

	if (!p || !load(&r, ETH_BYTES - 2, &eth, sizeof(eth)))
		return MALFORMED;
	return walk(&r, eth, ETH_BYTES, p);
}

/* Plain Ethernet with IPv4 without options, or IPv6 without extension headers, in the linear part; else parse_any. */
static __always_inline int parse(struct __sk_buff *skb, struct packet *p)
{
	void *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	__u32 available = skb->len - ETH_BYTES;
	bool super = skb->gso_size != 0;
	__be16 eth;
	__u8 proto;
	void *l4;

	if (data + ETH_BYTES + sizeof(struct iphdr) + 8 > end)
		return parse_any(skb, p);
	eth = *(__be16 *)(data + ETH_BYTES - 2);
	clear(p);
	if (eth == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = data + ETH_BYTES;

		proto = ip->protocol;
		p->l3_bytes = l3_length(bpf_ntohs(ip->tot_len), available, super);
		if (ip->version_ihl != 0x45 || ip->frag_off & bpf_htons(0x3fff) || p->l3_bytes < sizeof(*ip) + 8)
			return parse_any(skb, p);
		p->v6 = 0;
		p->saddr[0] = ip->saddr;
		p->daddr[0] = ip->daddr;
		p->header_bytes = sizeof(*ip);
		l4 = ip + 1;
	} else if (eth == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = data + ETH_BYTES;

		if (data + ETH_BYTES + sizeof(*ip) + 8 > end)
			return parse_any(skb, p);
		proto = ip->nexthdr;
		if ((proto != IPPROTO_UDP && proto != IPPROTO_TCP && proto != IPPROTO_ICMPV6) || !ip->payload_len ||
		    ip->version_class >> 4 != 6)
			return parse_any(skb, p);
		p->l3_bytes = l3_length(bpf_ntohs(ip->payload_len) + sizeof(*ip), available, super);
		p->v6 = 1;
		copy_address(p->saddr, ip->saddr);
		copy_address(p->daddr, ip->daddr);
		p->header_bytes = sizeof(*ip);
		l4 = ip + 1;
	} else {
		return parse_any(skb, p);
	}
	barrier_var(proto); /* keeps the compiler from reading it again, which would lose the checks above */
	p->proto = proto;
	if (proto != IPPROTO_TCP) {
		set_l4(p, l4, false);
		return PARSED;
	}
	if (l4 + L4_START_BYTES > end)
		return parse_any(skb, p);
	set_l4(p, l4, true);
	return PARSED;
}

/* On the wire: a super-packet is its segments, each with all headers. Taps leave gso_segs 0. */
struct amount {
	__u64 packets;
	__u64 bytes;
};

static __always_inline struct amount on_wire(const struct packet *p, __u32 gso_size, __u32 gso_segs)
{
	struct amount a = { 1, p->l3_bytes };

	if (!gso_size)
		return a;
	a.packets = gso_segs;
	if (!a.packets && p->l3_bytes > p->header_bytes)
		a.packets = (p->l3_bytes - p->header_bytes + gso_size - 1) / gso_size;
	if (!a.packets)
		a.packets = 1;
	a.bytes += (a.packets - 1) * p->header_bytes;
	return a;
}

#endif
