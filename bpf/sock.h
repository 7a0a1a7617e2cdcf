/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The ABI between the socket programs and the agent, whose side is src/weir/capture/socket_layout.py, and the members of
 * kernel structures that the programs read.
 */
#ifndef WEIR_SOCK_H
#define WEIR_SOCK_H

/* A socket as a flow meets it. Local end first; addresses as in struct address, ports in host byte order. */
struct sock_record {
	__u64 id;	 /* the kernel's structure; used again once the socket is gone */
	__u64 begun_ns;	 /* CLOCK_MONOTONIC; 0: before anybody looked */
	__u64 ended_ns;	 /* 0: not ended; of UDP: the last call */
	__u64 cgroup;	 /* inode number of the control group's directory */
	__u32 netns;	 /* inode number */
	__u32 pid;	 /* 0: not known */
	__u32 local[4];
	__u32 remote[4]; /* 0 while not connected */
	__u16 local_port;
	__u16 remote_port;
	__u8 proto;
	__u8 opener; /* OPENED_* */
	__u8 pad[2];
	__u32 srtt_us;
	__u32 retransmits;
	char comm[16];
};

enum opener { OPENED_UNKNOWN = 0, OPENED_HERE = 1, OPENED_THERE = 2 };

/* What of the above did not find a place in its map. */
struct sock_missed {
	__u64 opened; /* the opener and the begin of so many are not known */
	__u64 closed; /* so many are not known once they are closed */
};

#ifdef __bpf__

enum { AF_INET = 2, AF_INET6 = 10 };
enum { TCP_ESTABLISHED = 1, TCP_SYN_SENT, TCP_SYN_RECV, TCP_FIN_WAIT1, TCP_CLOSE = 7, TCP_LAST_ACK = 9, TCP_LISTEN };
#define PF_KTHREAD 0x00200000

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct in6_addr {
	__u32 s6_addr32[4];
};

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct kernfs_node {
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct sock_cgroup_data {
	struct cgroup *cgroup;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
	struct sock_cgroup_data sk_cgrp_data;
};

struct inet_sock {
	__be16 inet_sport;
};

struct tcp_sock {
	__u32 srtt_us;
	__u32 total_retrans;
};

struct task_struct {
	unsigned int flags;
	int tgid;
	struct task_struct *group_leader;
	char comm[16];
};

struct socket {
	struct sock *sk;
};

struct file;
struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task_file {
	union {
		struct bpf_iter_meta *meta;
		__u64 meta_pad;
	};
	union {
		struct task_struct *task;
		__u64 task_pad;
	};
	__u32 fd;
	union {
		struct file *file;
		__u64 file_pad;
	};
};

#pragma clang attribute pop

#endif
#endif
