/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ABI between the kernel programs and the agent. The agent's side is src/weir/capture/layout.py; a test compares
 * both through the object's BTF. Direction is always the ENI's, whatever side its device stands on.
 * Addresses and ports are in network byte order; for ICMP and ICMPv6 dport is type << 8 | code.
 */
#ifndef WEIR_FLOW_H
#define WEIR_FLOW_H

enum direction { DIRECTION_IN = 0, DIRECTION_OUT = 1 };

/* moved: counted as ACCEPT, dropped later. The agent reads such a row as two: REJECT gains, ACCEPT loses. */
enum action { ACTION_ACCEPT = 1, ACTION_REJECT = 2, ACTION_MOVED = 3, ACTIONS = 3 };

/* What a row has given up because the table before it was full; each includes the one before. */
enum fold { FOLD_NONE = 0, FOLD_PORTS = 1, FOLD_PREFIX = 2, FOLD_ENI = 3 };

/* The hook at which a device's frames are seen. */
enum way { WAY_RX = 0, WAY_TX = 1 };

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

/* Of a folded row. IPv4 as ::ffff:a.b.c.d; of a FOLD_PREFIX row the remote address ends after 24 or 64 bits. */
struct coarse {
	__u32 ifindex;
	__u32 saddr[4];
	__u32 daddr[4];
	__u8 proto;
	__u8 direction;
	__u8 action;
	__u8 fold;
	__u32 family; /* 4 or 6 */
};

/* first and last are ticks of 2^20 ns of CLOCK_MONOTONIC, modulo 2^32. */
struct val {
	__u64 packets;
	__u64 bytes;
	__u32 first;
	__u32 last;
	__u8 tcp_flags; /* all flags seen, OR-ed */
	__u8 hook;	/* of a drop: where and how, as in hook.h; what all drops of the row have in common */
	__u16 reason;	/* of a drop: the kernel's reason */
	__u32 rule_id;	/* of a drop: id named by a rule's mark, else 0; of drops of several: RULE_MIXED */
};

/*
 * One flow's line in a processor's own table: written by that processor alone, with packets that its hooks saw. It
 * fills a cache line. Two lie side by side; a flow that finds both taken goes to the shared table.
 */
struct slot {
	__u64 address[4]; /* IPv4: source and destination in word 0 */
	__u32 ifindex;
	__u16 sport;
	__u16 dport;
	__u8 proto;
	__u8 direction;
	__u8 family; /* 4 or 6; 0: free */
	__u8 tcp_flags;
	__u32 packets;
	__u64 bytes;
	__u32 first;
	__u32 last;
};
#define WAYS 2
struct pair {
	struct slot slot[WAYS];
};

/*
 * Frames of one hook of a device. All it saw follows from the rows: as many frames as packets, each with 14 bytes more
 * than its packet. excess is what that says too much; signed when read.
 */
struct frames {
	__u64 excess;
	__u64 excess_bytes;
	__u64 not_ip;	 /* no IP in them */
	__u64 not_ip_bytes;
	__u64 malformed; /* their IP header cannot be right */
	__u64 malformed_bytes;
};

/* Of one ENI on one processor, running: what no map of rows holds. By family: 0 is IPv4, 1 is IPv6. */
struct eni_half {
	struct frames frames[2];	   /* by way */
	__u64 packets[2][2][ACTIONS];	   /* FOLD_ENI: by family, direction, action - 1 */
	__u64 bytes[2][2][ACTIONS];
	__u64 folded_packets;		   /* into any coarser row */
};
struct eni_books {
	struct eni_half half[2]; /* by buffer */
};

/* The flows of an ENI that were folded while a buffer was written: a HyperLogLog sketch of their keys. */
struct sketch_key {
	__u32 ifindex;
	__u32 buffer;
};
#define SKETCH_REGISTERS 256
struct sketch {
	__u8 rank[SKETCH_REGISTERS];
};

/* Drops that are no verdict of netfilter, running. */
struct lost_key {
	__u32 ifindex;
	__u32 direction;
	__u32 reason;
};
struct lost {
	__u64 packets;
	__u64 bytes;
};

/* Drop events that changed no row. */
struct ignored {
	__u64 unattributed; /* neither from nor to an ENI of this host */
	__u64 copies;	    /* one copy of a flooded packet, whose other copies went on */
	__u64 unreadable;   /* headers not in the linear part of the buffer */
	__u64 unlisted;	    /* no verdict, and no room to count them by their reason */
};

struct eni {
	__u32 ifindex;
	__u32 side;
};

/* Set before the programs are loaded. */
struct config {
	__u64 seed;  /* of the processors' tables, so that nobody can aim at one line */
	__u32 netns; /* inode number of the network namespace that owns the devices */
	__u32 cpus;  /* 1 + the highest processor number there can be */
	__u32 pairs; /* per processor and buffer, a power of two; 0: shared tables only */
	__u32 pad;
};

/* Changed while the programs run. */
struct live {
	__u32 buffer; /* 0 or 1: which of two sets of tables is written */
};

/*
 * A rule may name itself, and who is to be charged, by a mark set before its drop: 0x5fSRRRRR.
 * S = 1 charges the sender; RRRRR is the rule's id.
 */
#define MARK_MASK 0xff000000u
#define MARK_MAGIC 0x5f000000u
#define MARK_SENDER(mark) (((mark) >> 20 & 0xf) == 1)
#define MARK_RULE(mark) ((mark) & 0xfffff)
#define RULE_MIXED 0xffffffffu

/*
 * The tag that tcx ingress leaves in skb->tc_index: "counted at this ENI". 16 bits is all there is; the agent refuses a
 * device whose tag is 0 or taken.
 */
#define TAG(ifindex) (((ifindex) ^ ((ifindex) >> 16)) & 0xffff)

#endif
