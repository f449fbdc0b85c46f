// SPDX-License-Identifier: GPL-2.0
//
// A program whose map asks to be pinned. It is built as progs.c is.
#include <linux/bpf.h>

#define SEC(name) __attribute__((section(name), used))

struct {
	int (*type)[BPF_MAP_TYPE_ARRAY];
	int (*max_entries)[1];
	int (*pinning)[1]; // LIBBPF_PIN_BY_NAME
	__u32 *key;
	__u64 *value;
} kept SEC(".maps");

SEC("tc") int pass(struct __sk_buff *skb)
{
	__u32 key = 0;

	return ((void *(*)(void *, const void *))BPF_FUNC_map_lookup_elem)(&kept, &key) ? 0 : 2;
}

char _license[] SEC("license") = "GPL";
