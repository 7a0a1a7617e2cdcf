// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Whose sockets the host's flows are. Loaded only while a flow log asks. Nothing runs per packet: an iterator walks the
 * open files of all processes when the agent asks, TCP's changes of state tell of the sockets that come and go in
 * between, and calls that send or receive tell of UDP's, which have no states.
 */
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>
#include "sock.h"

char _license[] SEC("license") = "Dual BSD/GPL";

/* TCP sockets that came since the programs run: when, by whom, from which side. */
struct birth {
	__u64 begun_ns;
	__u32 pid;
	__u32 opener;
	char comm[16];
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, struct birth);
} births SEC(".maps");

/* Closed TCP sockets until the agent takes them; a socket may be made and closed at one address many times. */
struct death {
	__u64 id;
	__u64 ended_ns;
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct death);
	__type(value, struct sock_record);
} closed SEC(".maps");

/* UDP sockets in use since the agent took them last. */
struct user {
	__u64 id;
	__u32 pid;
	__u16 local_port;
	__u16 remote_port;
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, struct user);
	__type(value, struct sock_record);
} datagrams SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sock_missed);
} missed SEC(".maps");

static __always_inline struct sock_missed *misses(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&missed, &zero);
}

static __always_inline void address4(__u32 *to, __be32 from)
{
	to[2] = bpf_htonl(0xffff);
	to[3] = from;
}

/* All but times and process. False for what is no IP socket with a port of its own. */
static __always_inline bool describe(struct sock_record *r, struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	r->proto = BPF_CORE_READ(sk, sk_protocol);
	if ((family != AF_INET && family != AF_INET6) || (r->proto != IPPROTO_TCP && r->proto != IPPROTO_UDP))
		return false;
	r->id = (__u64)sk;
	r->cgroup = BPF_CORE_READ(sk, sk_cgrp_data.cgroup, kn, id);
	r->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	/* Not skc_num: that is cleared before the socket is said to be closed. */
	r->local_port = bpf_ntohs(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
	r->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (family == AF_INET) {
		address4(r->local, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
		address4(r->remote, BPF_CORE_READ(sk, __sk_common.skc_daddr));
	} else {
		BPF_CORE_READ_INTO(&r->local, sk, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO(&r->remote, sk, __sk_common.skc_v6_daddr);
	}
	if (r->proto == IPPROTO_TCP) {
		r->srtt_us = BPF_CORE_READ((struct tcp_sock *)sk, srtt_us) >> 3;
		r->retransmits = BPF_CORE_READ((struct tcp_sock *)sk, total_retrans);
	}
	return r->local_port != 0;
}

static __always_inline void name_process(__u32 *pid, char *comm, struct task_struct *task)
{
	*pid = BPF_CORE_READ(task, tgid);
	BPF_CORE_READ_INTO((char(*)[16])comm, task, group_leader, comm);
}

static __always_inline void apply_birth(struct sock_record *r)
{
	struct birth *b = bpf_map_lookup_elem(&births, &r->id);

	if (!b)
		return;
	r->begun_ns = b->begun_ns;
	r->opener = b->opener;
	if (b->pid) {
		r->pid = b->pid;
		__builtin_memcpy(r->comm, b->comm, sizeof(r->comm));
	}
}

SEC("iter/task_file")
int open_sockets(struct bpf_iter__task_file *ctx)
{
	struct task_struct *task = ctx->task;
	struct file *file = ctx->file;
	struct sock_record r = {};
	struct socket *held;
	struct sock *sk;

	if (!task || !file)
		return 0;
	held = bpf_sock_from_file(file);
	if (!held)
		return 0;
	sk = BPF_CORE_READ(held, sk);
	if (!sk || !describe(&r, sk) || BPF_CORE_READ(sk, __sk_common.skc_state) == TCP_LISTEN)
		return 0;
	name_process(&r.pid, r.comm, task);
	if (r.proto == IPPROTO_TCP)
		apply_birth(&r);
	bpf_seq_write(ctx->meta->seq, &r, sizeof(r));
	return 0;
}

static __always_inline void born(struct sock *sk, __u32 opener, bool by_process)
{
	struct birth b = { .begun_ns = bpf_ktime_get_ns(), .opener = opener };
	__u64 id = (__u64)sk;
	struct sock_missed *m;

	if (by_process)
		name_process(&b.pid, b.comm, bpf_get_current_task_btf());
	if (bpf_map_update_elem(&births, &id, &b, BPF_ANY) && (m = misses()))
		m->opened++;
}

/* Whoever closes or shuts down a connection that was accepted has it: nothing else says so for short ones. */
static __always_inline void left_by_process(struct sock *sk)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u64 id = (__u64)sk;
	struct birth *b = bpf_map_lookup_elem(&births, &id);

	if (b && !b->pid && !(BPF_CORE_READ(task, flags) & PF_KTHREAD))
		name_process(&b->pid, b->comm, task);
}

static __always_inline void died(struct sock *sk)
{
	struct sock_record r = {};
	struct sock_missed *m;
	struct death key;

	if (describe(&r, sk) && r.remote_port) {
		apply_birth(&r);
		r.ended_ns = bpf_ktime_get_ns();
		key.id = r.id;
		key.ended_ns = r.ended_ns;
		if (bpf_map_update_elem(&closed, &key, &r, BPF_ANY) && (m = misses()))
			m->closed++;
	}
	key.id = (__u64)sk;
	bpf_map_delete_elem(&births, &key.id);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(tcp_state, struct sock *sk, int before, int after)
{
	if (BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	if (after == TCP_SYN_SENT)
		born(sk, OPENED_HERE, true);
	else if (after == TCP_SYN_RECV && before != TCP_SYN_SENT)
		born(sk, OPENED_THERE, false);
	else if (after == TCP_FIN_WAIT1 || after == TCP_LAST_ACK)
		left_by_process(sk);
	else if (after == TCP_CLOSE && before != TCP_LISTEN)
		died(sk);
	return 0;
}

static __always_inline int datagram(struct sock *sk)
{
	struct sock_record r = {};
	struct sock_record *known;
	struct sock_missed *m;
	struct user key = {};

	if (BPF_CORE_READ(sk, sk_protocol) != IPPROTO_UDP || !describe(&r, sk))
		return 0;
	name_process(&r.pid, r.comm, bpf_get_current_task_btf());
	r.ended_ns = r.begun_ns = bpf_ktime_get_ns();
	key.id = r.id;
	key.pid = r.pid;
	key.local_port = r.local_port;
	key.remote_port = r.remote_port;
	known = bpf_map_lookup_elem(&datagrams, &key);
	if (known)
		known->ended_ns = r.ended_ns;
	else if (bpf_map_update_elem(&datagrams, &key, &r, BPF_ANY) && (m = misses()))
		m->closed++;
	return 0;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(udp_sent, struct sock *sk, int length, int flags)
{
	return length >= 0 ? datagram(sk) : 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(udp_received, struct sock *sk, int length, int flags)
{
	return length >= 0 ? datagram(sk) : 0;
}
