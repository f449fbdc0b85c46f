//go:build linux

package builtins_test

import (
	"fmt"
	"strings"
)

// kindOptions are the options of kinds that few kernels all have: a link is made
// of each line, and ip's info_data is to have what stands behind the arrow. A
// kind's first word is what its links need anyway.
var kindOptions = []struct {
	kind, needs string
	options     map[string]string // option: path=value
}{
	{"nlmon", "", map[string]string{"up": ""}},
	{"vcan", "", map[string]string{"up": ""}},
	{"wireguard", "", map[string]string{"up": "", "private-key " + wgPrivate + " listen-port 5000 fwmark 0x7": ""}},
	{"vrf", "table 10", map[string]string{"table 10": "table=10"}},
	{"ipvlan", "link eth0", map[string]string{
		"link eth0 mode l3": "mode=l3", "mode l2 private": "private=true", "mode l3s vepa": "vepa=true", "mode l2 bridge": "bridge=true",
	}},
	{"ipvtap", "link eth0", map[string]string{
		"link eth0 mode l3": "mode=l3", "mode l2 private": "private=true", "mode l3s vepa": "vepa=true", "mode l2 bridge": "bridge=true",
	}},
	{"bond", "", map[string]string{
		"mode active-backup": "mode=active-backup", "miimon 50": "miimon=50", "miimon 50 updelay 100": "updelay=100",
		"miimon 50 downdelay 100": "downdelay=100", "miimon 50 peer_notify_delay 100": "peer_notify_delay=100", "use_carrier on": "use_carrier=1",
		"mode active-backup arp_interval 70": "arp_interval=70", "mode active-backup arp_interval 70 arp_validate all": "arp_validate=all",
		"arp_all_targets all": "arp_all_targets=all", "arp_ip_target 10.0.0.1 10.0.0.2": "arp_ip_target.1=10.0.0.2",
		"ns_ip6_target 2001:db8::1": "ns_ip6_target.0=2001:db8::1", "primary_reselect better": "primary_reselect=better",
		"fail_over_mac active": "fail_over_mac=active", "xmit_hash_policy layer3+4": "xmit_hash_policy=layer3+4", "resend_igmp 4": "resend_igmp=4",
		"num_grat_arp 5": "num_peer_notif=5", "all_slaves_active on": "all_slaves_active=1", "min_links 2": "min_links=2",
		"lp_interval 3": "lp_interval=3", "mode balance-rr packets_per_slave 4": "packets_per_slave=4", "mode balance-tlb tlb_dynamic_lb off": "tlb_dynamic_lb=0",
		"mode 802.3ad lacp_rate fast": "ad_lacp_rate=fast", "mode 802.3ad lacp_active off": "ad_lacp_active=off", "mode 802.3ad ad_select count": "ad_select=count",
		// The kernel takes these, but shows them to root of the whole system only.
		"mode 802.3ad ad_user_port_key 7": "mode=802.3ad", "mode 802.3ad ad_actor_sys_prio 9": "mode=802.3ad",
		"mode 802.3ad ad_actor_system 02:00:00:00:00:09": "mode=802.3ad", "arp_missed_max 5": "arp_missed_max=5",
		"mode active-backup clear_active_slave": "mode=active-backup",
	}},
	{"geneve", "id 7 remote 10.0.0.2", map[string]string{
		"id 9": "id=9", "remote 10.0.0.3": "remote=10.0.0.3", "remote 2001:db8::2": "remote6=2001:db8::2", "ttl 9": "ttl=9", "tos 10": "tos=0x10",
		"df set": "df=set", "remote 2001:db8::2 flowlabel 5": "label=0x5", "dstport 7000": "port=7000", "udpcsum": "udp_csum=true", "noudpcsum": "udp_csum=false",
		"remote 2001:db8::2 udp6zerocsumtx": "udp_zero_csum6_tx=true", "remote 2001:db8::2 noudp6zerocsumtx": "udp_zero_csum6_tx=false",
		"remote 2001:db8::2 udp6zerocsumrx": "udp_zero_csum6_rx=true", "remote 2001:db8::2 noudp6zerocsumrx": "udp_zero_csum6_rx=false",
		"=external": "external=true",
	}},
	{"bareudp", "dstport 6635 ethertype mpls_uc", map[string]string{
		"dstport 6636 ethertype ipv4": "dstport=6636", "ethertype 0x86dd": "ethertype=ipv6", "srcportmin 5000": "srcportmin=5000", "multiproto": "multiproto=true",
	}},
	{"gtp", "role ggsn", map[string]string{"role sgsn": "role=sgsn", "hsize 64": "hsize=64", "restart_count 5": "restart_count=5"}},
	{"hsr", "slave1 eth0 slave2 eth1", map[string]string{
		"slave1 eth0": "slave1=eth0", "slave2 eth1": "slave2=eth1", "supervision 5": "supervision_addr=01:15:4e:00:01:05", "version 1": "", "proto 1": "proto=1",
	}},
	{"macsec", "link eth0", map[string]string{
		"link eth0 hw 02:00:00:00:00:09 port 11": "sci=020000000009000b", "sci 0102030405060708": "sci=0102030405060708", "cipher gcm-aes-256": "cipher_suite=GCM-AES-256", "icvlen 16": "icv_len=16",
		"encrypt on": "encrypt=true", "send_sci off": "inc_sci=false", "end_station on send_sci off": "es=true", "scb on send_sci off": "scb=true", "protect off": "protect=false",
		"replay on window 32": "window=32", "validate check": "validation=check", "encodingsa 2": "encoding_sa=2", "offload off": "",
	}},
	{"xfrm", "if_id 7", map[string]string{"dev eth0 if_id 9": "if_id=0x9", "=external": "external=true"}},
}

// tunnelOptions are the options that tunnels of a family share.
var tunnelOptions = []struct {
	kinds   string
	six     bool
	options map[string]string
}{
	{"gre gretap erspan ipip sit vti", false, map[string]string{
		"remote 10.0.0.3": "remote=10.0.0.3", "local 10.0.0.4": "local=10.0.0.4", "dev eth0": "link=eth0", "fwmark 5": "fwmark=0x5",
	}},
	{"ip6gre ip6gretap ip6erspan ip6tnl vti6", true, map[string]string{
		"remote 2001:db8::3": "remote=2001:db8::3", "local 2001:db8::4": "local=2001:db8::4", "dev eth0": "link=eth0", "fwmark 5": "fwmark=0x5",
	}},
	{"gre gretap erspan ipip sit", false, map[string]string{
		"ttl 9": "ttl=9", "tos 10": "tos=0x10", "pmtudisc": "pmtudisc=true", "ttl 0 nopmtudisc": "pmtudisc=false",
	}},
	{"gre gretap erspan", false, map[string]string{"nopmtudisc ignore-df": "ignore_df=true", "noignore-df": "ignore_df=<nil>"}},
	{"ip6gre ip6gretap ip6erspan ip6tnl", true, map[string]string{
		"hoplimit 9": "ttl=9", "encaplimit 3": "encap_limit=3", "encaplimit none": "ip6_tnl_f_ign_encap_limit=true", "tclass 10": "tclass=0x10",
		"flowlabel 0x5": "flowlabel=0x00005", "tclass inherit flowlabel inherit": "ip6_tnl_f_use_orig_flowlabel=true", "dscp inherit": "ip6_tnl_f_rcv_dscp_copy=true",
		"allow-localremote": "ip6_tnl_f_allow_local_remote=true", "noallow-localremote": "ip6_tnl_f_allow_local_remote=<nil>",
	}},
	{"gre gretap vti", false, map[string]string{"key 5": "ikey=0.0.0.5", "ikey 6": "ikey=0.0.0.6", "okey 7": "okey=0.0.0.7"}},
	{"ip6gre ip6gretap vti6", true, map[string]string{"key 5": "ikey=0.0.0.5", "ikey 6": "ikey=0.0.0.6", "okey 7": "okey=0.0.0.7"}},
	{"gre gretap", false, greFlags},
	{"ip6gre ip6gretap", true, greFlags},
	{"gre gretap erspan ipip sit", false, encapWitnesses},
	{"ip6gre ip6gretap ip6erspan ip6tnl", true, encapWitnesses},
	{"ipip", false, map[string]string{"mode any": "proto=any", "=external": "external=true"}},
	{"sit", false, map[string]string{"mode ip6ip": "proto=ip6ip", "isatap": "isatap=true"}},
	{"ip6tnl", true, map[string]string{"mode ipip6": "proto=ipip6", "=external": "external=true"}},
	{"erspan", false, erspanWitnesses},
	{"ip6erspan", true, erspanWitnesses},
}

var (
	greFlags = map[string]string{
		"seq": "iseq=true", "iseq": "iseq=true", "oseq": "oseq=true", "csum": "icsum=true", "icsum": "icsum=true", "ocsum": "ocsum=true", "=external": "external=true",
	}
	encapWitnesses = map[string]string{
		"encap fou encap-sport 5555 encap-dport 6666": "encap.dport=6666", "encap fou encap-dport 6666 encap-sport 5555": "encap.sport=5555",
		"encap gue encap-csum": "encap.csum=true", "encap gue encap-csum6": "encap.csum6=true",
		"encap gue encap-remcsum": "encap.remcsum=true",
	}
	erspanWitnesses = map[string]string{
		"iseq oseq ikey 5 okey 6": "ikey=0.0.0.5", "iseq oseq okey 6 ikey 5": "okey=0.0.0.6", "oseq iseq ikey 5 okey 6": "oseq=true", "oseq iseq okey 6 ikey 5": "iseq=true",
		"seq key 5": "okey=0.0.0.5", "key 5 seq": "iseq=true", "seq ikey 5 okey 5": "oseq=true", "=external": "external=true",
		"seq key 5 erspan_ver 1 erspan 7": "erspan_index=7", "seq key 5 erspan_ver 2 erspan_dir egress erspan_hwid 3": "erspan_dir=egress",
		"seq key 5 erspan_ver 2 erspan_hwid 3 erspan_dir egress": "erspan_hwid=0x3",
	}
)

// optionOf is the witness of an option of a kind, whose links need something anyway.
func optionOf(kind, needs, option, want string) kindWitness {
	script := fmt.Sprintf("%s k0 %s", kind, option)
	if bare, alone := strings.CutPrefix(option, "="); alone {
		script = fmt.Sprintf("%s k0 %s", kind, bare)
	} else {
		script += missing(needs, option)
	}
	w := witness{script, "link show k0", map[string]string{"linkinfo.info_kind": kind}}
	if path, value, ok := strings.Cut(want, "="); ok {
		w.want["linkinfo.info_data."+path] = value
	}
	return kindWitness{kind, "", w}
}

// otherKinds are the witnesses of kindOptions.
func otherKinds() []kindWitness {
	var out []kindWitness
	for _, k := range kindOptions {
		for option, want := range k.options {
			out = append(out, optionOf(k.kind, k.needs, option, want))
		}
	}
	return out
}

// otherTunnels are the witnesses of tunnelOptions over IPv4 or over IPv6.
func otherTunnels(six bool) []kindWitness {
	var out []kindWitness
	for _, t := range tunnelOptions {
		if t.six != six {
			continue
		}
		needs := "remote 10.0.0.2 local 10.0.0.1"
		if t.six {
			needs = "remote 2001:db8::2 local 2001:db8::1"
		}
		for kind := range strings.FieldsSeq(t.kinds) {
			for option, want := range t.options {
				// The kernel makes no ERSPAN without a key and sequence numbers.
				if strings.Contains(kind, "erspan") && !strings.Contains(option, "seq") && option[0] != '=' {
					option += " seq key 5"
				}
				out = append(out, optionOf(kind, needs, option, want))
			}
		}
	}
	return out
}

// missing are the pairs of words that an option does not have yet.
func missing(needs, option string) string {
	out := ""
	words := strings.Fields(needs)
	for i := 0; i+1 < len(words); i += 2 {
		if !strings.Contains(" "+option, " "+words[i]+" ") {
			out += " " + words[i] + " " + words[i+1]
		}
	}
	return out
}
