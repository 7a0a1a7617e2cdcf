/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where a packet was dropped. The drop event does not say at which hook it happened; the kernel's call stack does: the
 * function that called nf_hook_slow has asked that hook. The agent resolves the functions' addresses before loading.
 */
#ifndef WEIR_HOOK_H
#define WEIR_HOOK_H

/* One byte of a row: the hook, what conntrack said of the packet, and whether the rules saw other headers. */
#define HOOK_NUMBER 0x0f
#define HOOK_STATE 0x70
#define HOOK_ALTERED 0x80
#define HOOK_OTHER 6 /* as state: dropped by a part of netfilter that is not nftables */

enum hook {
	HOOK_PREROUTING = 1,
	HOOK_INPUT = 2,
	HOOK_FORWARD = 3,
	HOOK_OUTPUT = 4,
	HOOK_POSTROUTING = 5,
	HOOK_BRIDGE_PREROUTING = 6,
	HOOK_BRIDGE_INPUT = 7,
	HOOK_BRIDGE_FORWARD = 8,
	HOOK_BRIDGE_OUTPUT = 9,
	HOOK_BRIDGE_POSTROUTING = 10,
	HOOK_INGRESS = 11,
	HOOK_EGRESS = 12,
};
enum state { STATE_INVALID = 1, STATE_ESTABLISHED = 2, STATE_RELATED = 3, STATE_NEW = 4, STATE_UNTRACKED = 5 };

#define FRAMES_MAX 12	 /* of the call stack; the hook's own is the seventh to the twelfth */
#define FUNCTIONS_MAX 48 /* that ask a hook */
#define HOOK_ASK_CALLER 0xff /* the function asks several hooks: its callers tell which */
#define IP_CT_UNTRACKED 7

struct code {
	__u64 start;
	__u64 end; /* 0: not in this kernel, or not known */
};

struct hook_function {
	struct code code;
	__u64 hook;
};

/* Filled by the agent while a flow log asks for hooks; all 0 else, and where the kernel hides its addresses. */
struct hook_places {
	struct code nf_hook_slow;
	struct code br_handle_frame; /* asks bridge prerouting without nf_hook_slow */
	struct code nft_do_chain;    /* where nftables itself frees what its rules drop; 0 before Linux 6.7 */
	struct hook_function function[FUNCTIONS_MAX];
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hook_places);
} hook_places SEC(".maps");

struct frames_read {
	__u64 address[FRAMES_MAX];
};
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct frames_read);
} frames_read SEC(".maps");

#define WITHIN(address, where) ((address) >= (where).start && (address) < (where).end)

static __always_inline __u32 asked_by(const struct hook_places *p, __u64 address)
{
	for (int i = 0; i < FUNCTIONS_MAX; i++)
		if (WITHIN(address, p->function[i].code))
			return p->function[i].hook;
	return 0;
}

#define BY_RULES 0x100 /* beside the hook: nftables freed the packet itself */

/*
 * The hook, from the stack in frames_read. The function that called nf_hook_slow has asked it, or, where that one asks
 * several, one that called it. Not static: so the verifier looks at its loops once, and not at every use.
 */
__noinline __u32 hook_of_stack(__u32 count)
{
	__u32 zero = 0, by_rules = 0;
	struct hook_places *p = bpf_map_lookup_elem(&hook_places, &zero);
	struct frames_read *f = bpf_map_lookup_elem(&frames_read, &zero);
	bool asked = false, asking = false;

	if (!p || !f)
		return 0;
	for (__u32 i = 0; i < FRAMES_MAX && i < count; i++) {
		__u64 address = f->address[i];
		__u32 hook;

		if (!asked) {
			if (WITHIN(address, p->nft_do_chain))
				by_rules = BY_RULES;
			else if (WITHIN(address, p->nf_hook_slow))
				asked = true;
			else if (WITHIN(address, p->br_handle_frame))
				return HOOK_BRIDGE_PREROUTING | by_rules;
			continue;
		}
		hook = asked_by(p, address);
		if (hook == HOOK_ASK_CALLER)
			asking = true;
		else if (hook || !asking)
			return hook | by_rules;
	}
	return 0;
}

/* What conntrack had said of the packet when the hook's rules saw it. */
static __always_inline __u32 state_of(const struct sk_buff *skb)
{
	unsigned long nfct;
	__u32 relation;

	if (!bpf_core_type_exists(struct nf_conn))
		return 0;
	nfct = skb->_nfct;
	relation = nfct & NFCT_INFO_MASK;
	if (!(nfct & ~NFCT_INFO_MASK))
		return relation == IP_CT_UNTRACKED ? STATE_UNTRACKED : STATE_INVALID;
	return STATE_ESTABLISHED + relation % IP_CT_IS_REPLY;
}

/* A fragment's row has the ports of its first one; the rules, unless conntrack has put it together, see none. */
static __always_inline bool is_later_fragment(const struct sk_buff *skb)
{
	const unsigned char *l3 = skb->head + skb->network_header;

	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		struct iphdr ip = {};

		bpf_probe_read_kernel(&ip, sizeof(ip), l3);
		return ip.frag_off & bpf_htons(0x1fff);
	} else {
		struct {
			struct ipv6hdr ip;
			__u8 nexthdr;
			__u8 reserved;
			__be16 offset;
		} at = {};

		bpf_probe_read_kernel(&at, sizeof(at), l3);
		return at.ip.nexthdr == IPPROTO_FRAGMENT && at.offset & bpf_htons(0xfff8);
	}
}

/* At these hooks an address may be translated between two chains. */
static __always_inline bool translates(__u8 hook)
{
	__u8 number = hook & HOOK_NUMBER;

	return number == HOOK_PREROUTING || number == HOOK_INPUT || number == HOOK_OUTPUT || number == HOOK_POSTROUTING;
}

/* For the drop event's program: the byte that goes into the row. 0: nothing is known. */
static __always_inline __u8 dropped_at(void *ctx, const struct sk_buff *skb)
{
	__u32 zero = 0, hook = 0;
	struct hook_places *p = bpf_map_lookup_elem(&hook_places, &zero);
	struct frames_read *f = bpf_map_lookup_elem(&frames_read, &zero);
	bool by_rules;
	long bytes;

	if (!p || !f || !p->nf_hook_slow.end)
		return 0;
	bytes = bpf_get_stack(ctx, f->address, sizeof(f->address), 0);
	if (bytes <= 0)
		return 0;
	hook = hook_of_stack(bytes / sizeof(__u64));
	by_rules = hook & BY_RULES || !p->nft_do_chain.end;
	hook &= HOOK_NUMBER;
	if (!hook)
		return 0;
	/* A frame with a second VLAN tag is not IP for the rules, although its row has its addresses. */
	if ((skb->protocol != bpf_htons(ETH_P_IP) && skb->protocol != bpf_htons(ETH_P_IPV6)) || is_later_fragment(skb))
		hook |= HOOK_ALTERED;
	return hook | (by_rules ? state_of(skb) : HOOK_OTHER) << 4;
}

/* Of several drops in one row: what all of them have in common. */
static __always_inline __u8 common_hook(__u8 one, __u8 other)
{
	__u8 differs = one ^ other, common = (one | other) & HOOK_ALTERED;

	if (!(differs & HOOK_NUMBER))
		common |= one & HOOK_NUMBER;
	if (!(differs & HOOK_STATE))
		common |= one & HOOK_STATE;
	return common;
}

#endif
