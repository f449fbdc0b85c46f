//go:build linux

package builtins_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// sameAsTC are statements whose words tc takes, too. What they make must be what
// tc makes of them. needs are what else the kernel must have for them.
var sameAsTC = []struct{ needs, words string }{
	{"qdisc tbf", "qdisc root tbf rate 10mbit burst 32kb latency 50ms"},
	{"qdisc tbf", "qdisc root tbf rate 1mbit burst 10kb limit 20kb peakrate 2mbit mtu 1600"},
	{"qdisc tbf", "qdisc root tbf rate 100gbit burst 1mb latency 2ms mpu 64 overhead 14"},
	{"qdisc htb", "qdisc root handle 1: htb default 10 r2q 7 direct_qlen 99"},
	{"qdisc pfifo", "qdisc root pfifo limit 7"},
	{"qdisc bfifo", "qdisc root bfifo limit 7kb"},
	{"qdisc netem", "qdisc root netem delay 10ms 2ms 25% loss 1% 50% duplicate 2% corrupt 0.5% reorder 25% 50%"},
	{"qdisc netem", "qdisc root netem rate 10mbit limit 77"},
	{"qdisc prio", "qdisc root prio bands 4 priomap 3 2 1 0 1 1 1 1 1 1 1 1 1 1 1 1"},
	{"qdisc sfq", "qdisc root sfq perturb 10 quantum 3000 limit 100 depth 20 headdrop"},
	{"qdisc fq", "qdisc root fq limit 99 flow_limit 9 quantum 3000 initial_quantum 9000 maxrate 10mbit"},
	{"qdisc fq_codel", "qdisc root fq_codel limit 99 flows 64 target 4ms interval 90ms quantum 3000 noecn"},
	{"qdisc cake", "qdisc root cake bandwidth 10mbit diffserv4 rtt 50ms nat wash overhead 18 mpu 64"},
	{"qdisc red", "qdisc root red limit 400kb min 30kb max 90kb avpkt 1000 burst 55 ecn bandwidth 10mbit probability 0.02"},
	{"qdisc red", "qdisc root red limit 400kb min 30kb max 90kb avpkt 1000 burst 200 bandwidth 1gbit"},
	{"qdisc hfsc", "qdisc root handle 1: hfsc default 20"},

	{"qdisc ets", "qdisc root handle 1: ets bands 5 strict 2 quanta 3000 1500 priomap 4 3 2 1 0"},
	{"qdisc ets", "qdisc root ets strict 1 quanta 1024 2048"},
	{"qdisc ets", "qdisc root ets bands 3"},

	{"qdisc htb", "class parent 1: classid 1:20 htb rate 1mbit"},
	{"qdisc htb", "class parent 1: classid 1:20 htb rate 1mbit ceil 20mbit burst 15k cburst 20k prio 3 quantum 2000"},
	{"qdisc htb", "class parent 1: classid 1:20 htb rate 100gbit ceil 200gbit mpu 64 overhead 14"},

	{"filter u32", "filter parent 1: protocol ip pref 5 u32 match ip dst 10.0.0.0/8 match ip sport 53 0xffff flowid 1:10"},
	{"filter u32", "filter parent 1: protocol ip pref 5 u32 match ip protocol 6 0xff match ip dport 0x50 0xfff0 flowid 1:10"},
	{"filter u32", "filter parent 1: protocol ip pref 5 u32 match ip tos 0x10 0xff match ip icmp_type 8 0xff classid 1:10"},
	{"filter u32", "filter parent 1: protocol ipv6 pref 5 u32 match ip6 dst 2001:db8::/47 match ip6 sport 53 0xffff flowid 1:10"},
	{"filter u32", "filter parent 1: protocol ipv6 pref 5 u32 match ip6 src 2001:db8::1 flowid 1:10"},
	{"filter u32", "filter parent 1: protocol all pref 5 u32 match u32 0x123 ffff at 12 match u16 8 0xff at 20 match u8 5 0xf at 31 flowid 1:10"},
	{"filter u32", "filter parent 1: protocol ip pref 5 u32 match tcp dst 80 0xffff flowid 1:10"},
	{"filter u32", "filter parent 1: protocol ip pref 5 u32 match u16 8 0xff at nexthdr+2 flowid 1:10"},
	{"filter u32", "filter parent 1: protocol ip pref 5 handle 3: u32 divisor 16"},
	{"filter u32", "filter parent 1: protocol ip pref 5 handle 800::5 u32 match u32 0 0 flowid 1:10 skip_hw"},
	{"filter u32", "filter protocol ip pref 5 chain 3 u32 match u32 0 0 flowid 1:10"},
	{"action mirred", "filter ingress protocol ip pref 5 u32 match u32 0 0 action mirred egress redirect dev eth1"},
	{"action mirred", "filter ingress protocol ip pref 5 u32 match u32 0 0 action mirred egress mirror dev eth1 action mirred ingress redirect dev eth1"},
	{"action mirred", "filter ingress protocol ip pref 5 u32 match u32 0 0 action mirred ingress mirror dev eth1 continue"},
	{"action gact", "filter ingress protocol ip pref 5 u32 match u32 0 0 action drop"},
	{"action gact", "filter ingress protocol ip pref 5 u32 match u32 0 0 action gact pass"},
	{"action police", "filter ingress protocol ip pref 5 u32 match u32 0 0 action police rate 1mbit burst 10k conform-exceed drop"},
	{"action police", "filter ingress protocol ip pref 5 u32 match u32 0 0 action police rate 1mbit burst 10k mtu 1600 conform-exceed drop/pipe"},
	{"action skbedit", "filter egress protocol ip pref 5 u32 match u32 0 0 action skbedit mark 5 priority 1:10 queue_mapping 2"},
	{"action skbedit", "filter ingress protocol ip pref 5 u32 match u32 0 0 action skbedit mark 5/7 ptype host pipe"},
	{"action vlan", "filter ingress protocol ip pref 5 u32 match u32 0 0 action vlan push id 5 protocol 802.1ad priority 3"},
	{"action vlan", "filter ingress protocol ip pref 5 u32 match u32 0 0 action vlan pop"},
	{"action vlan", "filter ingress protocol ip pref 5 u32 match u32 0 0 action vlan modify id 6 priority 2 protocol 802.1q"},
	{"action vlan", "filter ingress protocol ip pref 5 u32 match u32 0 0 action vlan push_eth dst_mac 02:00:00:00:00:01 src_mac 02:00:00:00:00:02 pipe action vlan pop_eth"},
	{"action vlan", "filter ingress protocol ip pref 5 u32 match u32 0 0 action vlan pop goto chain 7"},
	{"action gact", "filter ingress protocol ip pref 5 u32 match u32 0 0 action goto chain 100"},
	{"action skbedit", "filter ingress protocol ip pref 5 u32 match u32 0 0 action skbedit inheritdsfield mark 9"},
	{"action mpls", "filter ingress protocol ip pref 5 u32 match u32 0 0 action mpls push label 100 tc 3 ttl 9 bos 1 protocol mpls_uc pipe action mpls push label 200"},
	{"action mpls", "filter ingress protocol mpls_uc pref 5 u32 match u32 0 0 action mpls dec_ttl pipe action mpls modify label 7 tc 2 action mpls pop protocol ip pass"},
	{"action mpls", "filter egress protocol mpls_uc pref 5 u32 match u32 0 0 action mpls mac_push protocol mpls_mc label 1000 bos 0"},
	{"action nat", "filter ingress protocol ip pref 5 u32 match u32 0 0 action nat ingress 10.3.0.0/16 10.4.0.0 pipe action nat egress 10.6.0.0/24 10.5.0.0"},
	{"action connmark", "filter ingress protocol ip pref 5 u32 match u32 0 0 action connmark pipe action connmark zone 5 continue"},
	{"action skbmod", "filter ingress protocol ip pref 5 u32 match u32 0 0 action skbmod set dmac 02:00:00:00:00:01 set smac 02:00:00:00:00:02 set etype 0x1234 pipe action skbmod swap mac drop action skbmod ecn"},
	{"action tunnel_key", "filter ingress protocol ip pref 5 u32 match u32 0 0 action tunnel_key set src_ip 10.0.0.1 dst_ip 10.0.0.2 id 7 dst_port 4789 ttl 9"},
	{"action tunnel_key", "filter ingress protocol ip pref 5 u32 match u32 0 0 action tunnel_key unset"},
	{"action tunnel_key", "filter ingress protocol ip pref 5 u32 match u32 0 0 action tunnel_key set src_ip 10.0.0.1 dst_ip 10.0.0.2 id 7 geneve_opts 0102:80:00880022,0103:1:0088002200880023 pipe action tunnel_key set src_ip 2001:db8::1 dst_ip 2001:db8::2 vxlan_opts 0x10007 nocsum"},
	{"action tunnel_key", "filter ingress protocol ip pref 5 u32 match u32 0 0 action tunnel_key set src_ip 10.0.0.1 dst_ip 10.0.0.2 erspan_opts 1:7:0:0 pipe action tunnel_key set src_ip 10.0.0.1 dst_ip 10.0.0.2 erspan_opts 2:0:1:63"},
	{"action pedit", "filter ingress protocol ip pref 5 u32 match u32 0 0 action pedit munge offset 0 u8 set 0x45 munge offset 2 u16 clear munge offset -4 u32 set 0x12345678 retain 0xff00ff00 pipe"},
	{"action pedit", "filter ingress protocol ip pref 5 u32 match u32 0 0 action pedit munge offset 6 u16 invert munge offset 9 u8 preserve munge offset 12 u32 invert retain 0xff"},
	{"action pedit", "filter ingress protocol ip pref 5 u32 match u32 0 0 action pedit munge ip src set 10.9.8.7 munge ip dst clear munge ip tos set 0x10 retain 0xfc munge ip dport set 8080 munge ip sport set 53 munge ip icmp_type set 8"},
	{"action pedit", "filter ingress protocol ip pref 5 u32 match u32 0 0 action pedit ex munge ip dst set 10.9.8.7 munge ip ttl add 255 munge ip ihl set 5 munge ip df set 0x40 munge ip protocol set 6 continue"},
	{"action pedit", "filter ingress protocol ip pref 5 u32 match u32 0 0 action pedit ex munge eth src set 02:03:04:05:06:07 munge eth dst set 12:13:14:15:16:17 munge eth type set 0x800 pipe action pedit ex munge tcp sport set 81 munge tcp dport add 2 munge tcp flags set 2 retain 0x12"},
	{"action pedit", "filter ingress protocol ipv6 pref 5 u32 match u32 0 0 action pedit ex munge ip6 src set 2001:db8::9 munge ip6 dst set fe80:1:2:3::4 munge ip6 hoplimit add 0xff munge ip6 traffic_class set 0x12 munge ip6 payload_len set 7 munge ip6 nexthdr set 17 munge udp dport set 53 munge udp sport set 99"},
	{"action csum", "filter ingress protocol ip pref 5 u32 match u32 0 0 action csum ip4h and tcp or udp"},
	{"action csum", "filter ingress protocol ip pref 5 u32 match u32 0 0 action csum icmp igmp udplite sctp pipe"},
	{"action ct", "filter ingress protocol ip pref 5 u32 match u32 0 0 action ct zone 7 pipe action ct clear"},
	{"action ct", "filter ingress protocol ip pref 5 u32 match u32 0 0 action ct commit force zone 3 mark 5/7 label 0102 nat src addr 10.0.0.1-10.0.0.9 port 1000-2000 drop"},
	{"action ct", "filter ingress protocol ipv6 pref 5 u32 match u32 0 0 action ct commit nat dst addr 2001:db8::5 pipe"},
	{"action ct", "filter ingress protocol ip pref 5 u32 match u32 0 0 action ct nat zone 2"},
	{"filter bpf", "filter parent 1: protocol ip pref 5 bpf bytecode '1,6 0 0 4294967295' flowid 1:10"},
	{"filter matchall", "filter parent 1: protocol all pref 5 matchall flowid 1:10"},
	{"filter fw", "filter parent 1: protocol ip pref 5 handle 6 fw flowid 1:10"},
	{"filter fw", "filter parent 1: protocol ip pref 5 handle 6/0xff fw classid 1:10"},
	{"filter matchall", "filter egress protocol all pref 5 matchall action gact drop"},
	{"filter basic", "filter parent 1: protocol ip pref 5 basic flowid 1:10"},
	{"filter basic", "filter parent 1: protocol ip pref 5 basic ematch 'cmp(u8 at 9 layer network mask 0xff eq 6) and not cmp(u16 at 2 layer transport trans gt 80)' flowid 1:10"},
	{"filter basic", "filter parent 1: protocol ip pref 5 basic ematch 'meta(nf_mark shift 4 mask 0xf0 gt 24) or meta(pkt_len lt 100) or meta(dev eq 7)' flowid 1:10"},
	{"filter basic", "filter parent 1: protocol ip pref 5 basic ematch 'u32(u16 0x1122 0xffff at nexthdr+4) and (u32(u8 6 0xff at 9) or not (u32(u32 5 7 at 12) and cmp(u32 at 0 layer 0 lt 7))) and (meta(sk_family eq 2) or meta(rt_iif eq dev))' flowid 1:10"},
	// Of two texts in double quotes this tc takes the second for both.
	{"filter basic", `filter parent 1: protocol ip pref 5 basic ematch 'nbyte("ab (c)\x41\\\"\x0a\x0" at 12 layer transport) and not nbyte(GET layer 0 at 0x20)' flowid 1:10`},
	{"filter basic", `filter parent 1: protocol ip pref 5 basic ematch 'nbyte("\52\x07\t\q" at 65535 layer 2)' flowid 1:10`},
	{"filter basic", "filter parent 1: protocol all pref 5 basic ematch 'canid(sff 0x123 eff 18db33f1 sff 7ff:f0 eff 0x1:0x1fffffff)' flowid 1:10"},
	{"filter basic", "filter parent 1: protocol ip pref 5 basic ematch 'meta(sk_snd_queue gt 1) or meta(sk_rcv_queue lt 2) or meta(vlan mask 0xf eq 3)' flowid 1:10"},
	{"filter flower", "filter ingress protocol ip pref 5 flower dst_ip 10.0.0.0/8 src_ip 10.1.0.1 ip_proto tcp dst_port 80 src_port 1000"},
	{"filter flower", "filter ingress protocol ip pref 5 flower ip_proto tcp tcp_flags 0x2/0x12 ip_tos 0x10/0xff ip_ttl 5"},
	{"filter flower", "filter ingress protocol ipv6 pref 5 flower dst_ip 2001:db8::/48 ip_proto icmpv6 type 128 code 0"},
	{"filter flower", "filter ingress protocol ip pref 5 flower ip_proto udp dst_port 53 skip_hw"},
	{"filter flower", "filter ingress protocol ip pref 5 flower ip_proto icmp type 8"},
	{"filter flower", "filter ingress protocol all pref 5 flower dst_mac 02:00:00:00:00:01 src_mac 02:00:00:00:00:00/ff:ff:ff:ff:ff:00"},
	{"filter flower", "filter ingress protocol 802.1q pref 5 flower vlan_id 7 vlan_ethtype ipv6"},
	{"filter flower", "filter ingress protocol 802.1q pref 5 flower vlan_id 7 vlan_prio 3 vlan_ethtype ip dst_ip 10.0.0.1"},
	{"filter flower", "filter ingress protocol ip pref 5 flower indev eth1 ip_flags nofrag dst_ip 10.0.0.1"},
	{"filter flower", "filter ingress protocol ipv6 pref 5 flower ip_flags frag/nofirstfrag"},
	{"filter flower", "filter ingress protocol all pref 5 flower num_of_vlans 2 indev eth1"},
	{"filter flower", "filter ingress protocol 802.1ad pref 5 flower vlan_id 7 vlan_ethtype 802.1q cvlan_id 9 cvlan_prio 3 cvlan_ethtype ip"},
	{"filter flower", "filter ingress protocol arp pref 5 flower arp_sip 10.0.0.0/8 arp_tip 10.1.0.1 arp_op request"},
	{"filter flower", "filter ingress protocol arp pref 5 flower arp_op reply arp_sha 02:00:00:00:00:01 arp_tha 02:00:00:00:00:00/ff:ff:ff:ff:ff:00"},
	{"filter flower", "filter ingress protocol mpls_uc pref 5 flower mpls_label 100 mpls_tc 3 mpls_bos 1 mpls_ttl 64"},
	{"filter flower", "filter ingress protocol mpls_uc pref 5 flower mpls lse depth 1 label 100 tc 3 bos 0 ttl 64 lse depth 2 label 200"},
	{"filter flower", "filter ingress protocol ip pref 5 flower enc_key_id 100 enc_dst_ip 10.9.0.1 enc_src_ip 10.9.0.0/24 enc_dst_port 4789 enc_tos 0x10/0xf0 enc_ttl 64"},
	{"filter flower", "filter ingress protocol ip pref 5 flower enc_dst_ip 2001:db8::1 enc_src_ip 2001:db8::/32"},
	{"filter flower", "filter ingress protocol ip pref 5 flower ip_proto udp dst_port 80-90 src_port 1000-2000"},
	{"filter flower", "filter ingress protocol ipv6 pref 5 flower ip_proto tcp dst_port 80 src_port 1000-2000 action goto chain 3"},
	{"filter flower", "filter ingress protocol ip pref 5 flower enc_key_id 7 geneve_opts 0102:80:00880022/ffff:f0:ffffff00,1:2:0088002200880023"},
	{"filter flower", "filter ingress protocol ip pref 5 flower geneve_opts 0102:80:00880022/:f0:"},
	{"filter flower", "filter ingress protocol ip pref 5 flower vxlan_opts 4097/0xffff"},
	{"filter flower", "filter ingress protocol ip pref 5 flower vxlan_opts 0x7"},
	{"filter flower", "filter ingress protocol ip pref 5 flower erspan_opts 1:5:0:0/1:0xff:0:0"},
	{"filter flower", "filter ingress protocol ip pref 5 flower erspan_opts 2:0:1:33"},
	{"filter flower", "filter ingress protocol ip pref 5 flower enc_key_id 7 gtp_opts 1:8/f:3f"},
	{"filter flower", "filter ingress protocol ip pref 5 flower gtp_opts 1f:8"},
	{"filter flower", "filter ingress protocol ppp_ses pref 5 flower pppoe_sid 1234 ppp_proto ip dst_ip 10.0.0.1 ip_proto udp dst_port 53"},
	{"filter flower", "filter ingress protocol ppp_ses pref 5 flower pppoe_sid 65534"},
	{"filter flower", "filter ingress protocol ppp_ses pref 5 flower ppp_proto 0x8021"},
	{"filter flower", "filter ingress protocol ppp_ses pref 5 flower ppp_proto lcp verbose"},
	{"filter flower", "filter ingress protocol 802.1q pref 5 flower vlan_id 9 vlan_ethtype 0x8864 pppoe_sid 5 ppp_proto ipv6 src_ip 2001:db8::1"},
	{"filter flower", "filter ingress protocol 802.1ad pref 5 flower vlan_id 7 vlan_ethtype 802.1q cvlan_id 9 cvlan_ethtype 0x8864 pppoe_sid 5 ppp_proto ip dst_ip 10.0.0.1"},
	{"filter flower", "filter ingress protocol all pref 5 flower src_mac 02:00:00:00:00:00/20 dst_mac 02:00:00:00:00:00/ff:00:ff:00:00:00"},
	{"filter flower", "filter ingress protocol ip pref 5 flower dst_ip 10.0.0.1 hw_tc 3"},
	{"filter flower", "filter parent 1: protocol ip pref 5 flower dst_ip 10.0.0.1 hw_tc 15"},
	{"filter flower", "filter ingress protocol ip pref 5 flower ct_state +trk ct_label 0102/ff00"},
	{"filter flower", "filter ingress protocol ipv6 pref 5 flower ct_state +trk ct_label 01020304050607080910111213141516"},
	{"filter flower", "filter ingress protocol ip pref 5 flower ct_state +trk+est-rpl ct_zone 5 ct_mark 7/0xff"},
}

// under are the statements before one on a filter or a class.
const under = "qdisc eth0 root handle 1: htb; class eth0 parent 1: classid 1:10 htb rate 1mbit; qdisc eth0 clsact;"

// pair is what is needed of base.
const pair = "veth eth0 eth1 up;"

func TestTraffic_asTC(t *testing.T) {
	for _, s := range sameAsTC {
		if common(s.needs) {
			continue
		}
		t.Run(s.words, func(t *testing.T) {
			nstest.NeedTraffic(t, s.needs)
			verb, args, _ := strings.Cut(s.words, " ")
			before := ""
			if verb != "qdisc" {
				nstest.NeedTraffic(t, "qdisc htb")
				before = under
			}
			ours, err := runOn(t, pair, before+verb+" eth0 "+args)
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := runOn(t, pair, before)
			if err != nil {
				t.Fatal(err)
			}
			said := strings.Replace(args, " ematch ", " match ", 1) // whose name is taken, by what u32 matches
			want := trafficLines(tcDoes(t, theirs, verb+" add dev eth0 "+said, "eth0"))
			got := trafficText(t, ours)
			if got != want {
				t.Errorf("ours:\n%s\ntc's:\n%s", got, want)
			}
			claimSame(t, before, verb+" eth0 "+args, func(ns nsexec.Ref) bool {
				return trafficText(t, ns) == got
			})
		})
	}
}

// dynamic is what differs from one run to the next, such as the classes that a
// qdisc makes of the flows that it sees.
var dynamic = regexp.MustCompile(`class (cake|fq_codel|sfq) .*|\b[89a-f][0-9a-f]{3}:|index \d+|installed \d+ sec|used \d+ sec|direct_packets_stat \d+|seed \d+`)

// trafficText is what tc shows of eth0.
func trafficText(t *testing.T, ns nsexec.Ref) string {
	t.Helper()
	return trafficLines(tcShows(t, ns, "eth0"))
}

// trafficLines is what tc shows without what differs from run to run.
func trafficLines(shown string) string {
	lines := strings.Split(dynamic.ReplaceAllString(shown, ""), "\n")
	lines = slices.DeleteFunc(lines, func(l string) bool { return strings.TrimSpace(l) == "" })
	return strings.Join(lines, "\n")
}
