/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ABI between the kernel programs and the agent. The agent's side is src/weir/capture/layout.py; a test compares
 * both through the object's BTF. Direction is always the ENI's, whatever side its device stands on.
 * Addresses and ports are in network byte order; for ICMP and ICMPv6 dport is type << 8 | code.
 */
#ifndef WEIR_FLOW_H
#define WEIR_FLOW_H

enum direction { DIRECTION_IN = 0, DIRECTION_OUT = 1 };
enum action { ACTION_ACCEPT = 1, ACTION_REJECT = 2 };

/* behind: the device is the host's end of a veth or tap, the guest is the ENI. self: the device is the ENI. */
enum side { SIDE_BEHIND = 0, SIDE_SELF = 1 };

/* Any address; IPv4 as ::ffff:a.b.c.d. */
struct address {
	__u32 word[4];
};

struct key4 {
	__u32 ifindex;
	__u32 saddr;
	__u32 daddr;
	__u16 sport;
	__u16 dport;
	__u8 proto;
	__u8 direction;
	__u8 action;
	__u8 vrf; /* 0; kept for overlapping address spaces behind one device */
};

struct key6 {
	__u32 ifindex;
	__u32 saddr[4];
	__u32 daddr[4];
	__u16 sport;
	__u16 dport;
	__u8 proto;
	__u8 direction;
	__u8 action;
	__u8 vrf;
};

/*
 * packets and bytes are signed when read: a re-booked drop may leave a negative ACCEPT row when a swap lies between the
 * packet and its drop. first and last are ticks of 2^20 ns of CLOCK_MONOTONIC, modulo 2^32.
 */
struct val {
	__u64 packets;
	__u64 bytes;
	__u32 first;
	__u32 last;
	__u16 tcp_flags; /* all flags seen, OR-ed */
	__u16 reason;	 /* of a REJECT: the kernel's drop reason */
	__u32 rule_id;	 /* of a REJECT: last id named by a rule's mark, else 0 */
};

/* What an ENI's device saw that no flow row holds. Indexed [direction][action - 1]; signed when read, like val. */
struct uncounted {
	__u64 packets[2][2];
	__u64 bytes[2][2];
	__u64 not_ip;	 /* frames that carry no IP */
	__u64 malformed; /* frames whose IP header cannot be right */
};

/* Drop events that changed no row. */
struct ignored {
	__u64 unattributed; /* neither from nor to an ENI of this host */
	__u64 copies;	    /* one copy of a flooded packet, whose other copies went on */
	__u64 unreadable;   /* headers not in the linear part of the buffer */
};

struct eni {
	__u32 ifindex;
	__u32 side;
};

/* Set before the programs are loaded. */
struct config {
	__u32 netns; /* inode number of the network namespace that owns the devices */
};

/* Changed while the programs run. */
struct live {
	__u32 buffer; /* 0 or 1: which pair of flow maps is written */
};

/*
 * A rule may name itself, and who is to be charged, by a mark set before its drop: 0x5fSRRRRR.
 * S = 1 charges the sender; RRRRR is the rule's id.
 */
#define MARK_MASK 0xff000000u
#define MARK_MAGIC 0x5f000000u
#define MARK_SENDER(mark) (((mark) >> 20 & 0xf) == 1)
#define MARK_RULE(mark) ((mark) & 0xfffff)

/*
 * The tag that tcx ingress leaves in skb->tc_index: "counted at this ENI". 16 bits is all there is; the agent refuses a
 * device whose tag is 0 or taken.
 */
#define TAG(ifindex) (((ifindex) ^ ((ifindex) >> 16)) & 0xffff)

#endif
