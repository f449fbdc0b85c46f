// SPDX-License-Identifier: GPL-2.0
//
// The programs of progs.o, which the tests load. To build it again:
//
//	clang -O2 -g -target bpf -I/usr/include/x86_64-linux-gnu -c progs.c -o progs.o && llvm-strip -g progs.o
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#define SEC(name) __attribute__((section(name), used))

static void *(*lookup)(void *map, const void *key) = (void *)BPF_FUNC_map_lookup_elem;

// packets counts what the program of section tc has seen.
struct {
	int (*type)[BPF_MAP_TYPE_ARRAY];
	int (*max_entries)[1];
	__u32 *key;
	__u64 *value;
} packets SEC(".maps");

SEC("tc") int tc_count(struct __sk_buff *skb)
{
	__u32 key = 0;
	__u64 *n = lookup(&packets, &key);

	if (n)
		__sync_fetch_and_add(n, 1);
	return TC_ACT_OK;
}

SEC("drop") int tc_drop(struct __sk_buff *skb) { return TC_ACT_SHOT; }

SEC("xdp") int xdp_pass(struct xdp_md *ctx) { return XDP_PASS; }

SEC("xdp_drop") int drop_all(struct xdp_md *ctx) { return XDP_DROP; }

// lwt is for routes of each kind, and for segments.
SEC("lwt") int pass_on(struct __sk_buff *skb) { return BPF_OK; }

// bad is what the verifier refuses: it looks at a packet that may be empty.
SEC("bad") int look(struct __sk_buff *skb) { return *(int *)(long)skb->data; }

SEC("two") int first(struct __sk_buff *skb) { return TC_ACT_OK; }
SEC("two") int second(struct __sk_buff *skb) { return TC_ACT_SHOT; }

char _license[] SEC("license") = "GPL";
