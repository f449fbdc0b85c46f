# What is there before long.nes and the random scripts run, made without
# NEScript: two namespaces and links of the host, with all that a script can
# change, delete or be in the way of. Nothing here waits for anything: IPv6 does
# not ask whether an address is taken, and each bridge goes up after its ports.
set -eu

sysctl -qw net.ipv6.conf.default.accept_dad=0
ip netns add old1
ip netns add old2
for ns in old1 old2; do
    ip netns exec $ns sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv4.ip_forward=1
done

ip -batch - <<'END'
link add name hv0 address 02:00:00:00:01:00 type veth peer name hv1 address 02:00:00:00:01:01
link add name hx address 02:00:00:00:01:02 type veth peer name x0 address 02:00:00:00:01:03 netns old1
link add name hy address 02:00:00:00:01:04 type veth peer name hz address 02:00:00:00:01:05 netns old2
link add name hbr address 02:00:00:00:01:06 type bridge ageing_time 20000 priority 4096 mcast_snooping 0
link add name hifb address 02:00:00:00:01:07 type ifb
link set hv1 master hbr
link set hv0 up
link set hv1 up
link set hx up
link set hx alias 'to old1'
link set hy mtu 1400 txqueuelen 77 group 5
link property add dev hx altname the-way-to-old1 altname second
link set hbr up
link set hv1 type bridge_slave cost 33 priority 5 learning off
stats set dev hy l3_stats on
addr add 10.0.0.1/24 brd + dev hv0 label hv0:a
addr add 10.0.0.2/24 dev hv0
addr add 10.0.1.1/24 dev hx
addr add 2001:db8:0:1::1/64 dev hx
route add 10.77.0.0/16 via 10.0.1.2
route add blackhole 10.78.0.0/16 table 78 metric 5
rule add from 10.77.0.0/16 table 78 priority 1000
neigh add 10.0.1.7 lladdr 02:00:00:00:07:07 dev hx nud permanent
END

ip -n old1 -batch - <<'END'
link add name e0 address 02:00:00:00:02:00 type veth peer name e1 address 02:00:00:00:02:01
link add name f0 address 02:00:00:00:02:02 type veth peer name f1 address 02:00:00:00:02:03
link add name y0 address 02:00:00:00:02:04 numtxqueues 3 type veth peer name y0 address 02:00:00:00:02:05 netns old2
link add name br0 address 02:00:00:00:02:06 type bridge ageing_time 1000 hello_time 300 mcast_querier 0
link add name mv0 link e0 address 02:00:00:00:02:07 type macvlan mode bridge
link add name mt0 link f0 address 02:00:00:00:02:08 type macvtap mode vepa
link add name vx0 address 02:00:00:00:02:09 type vxlan id 42 dev x0 remote 10.0.1.1 dstport 4789 ttl 5 ageing 60
link add name ifb0 address 02:00:00:00:02:0a type ifb
tuntap add dev tun0 mode tun user 0
tuntap add dev tap0 mode tap group 0 multi_queue
link set tap0 address 02:00:00:00:02:0b
stats set dev mv0 l3_stats on
link set e1 master br0
link set f1 master br0
link set vx0 master br0
link set lo up
link set e1 up
link set e0 up
link set f1 up
link set f0 up
link set x0 up
link set y0 up
link set mv0 up
link set vx0 up
link set tun0 up
link set br0 up
link set e1 type bridge_slave cost 50 hairpin on isolated on mcast_flood off
link set f1 type bridge_slave priority 7 guard on
link set e0 mtu 1450 txqueuelen 500 alias 'the first' group 7
link set f0 promisc on
link set ifb0 allmulticast on
link set tap0 addrgenmode none mtu 1300
link property add dev e0 altname first-of-old1
addr add 10.1.0.1/24 brd + dev e0 label e0:a
addr add 10.1.0.2/24 brd + dev e0
addr add 10.1.0.3/24 dev e0
addr add 10.1.9.1/24 dev e0 noprefixroute
addr add 10.1.8.1 peer 10.1.8.2/32 dev e0 metric 9
addr add 2001:db8:1::1/64 dev e0
addr add 2001:db8:1::2/64 dev e0 noprefixroute
addr add 2001:db8:1::3/64 dev e0 preferred_lft 0
addr add 10.0.1.2/24 dev x0
addr add 10.0.1.3/24 dev x0 valid_lft 5000 preferred_lft 4000
addr add 2001:db8:0:1::2/64 dev x0
addr add 10.12.0.1/24 dev y0
addr add 2001:db8:12::1/64 dev y0
addr add 10.3.0.1/24 dev br0
addr add 10.4.0.1/24 dev tun0
route add default via 10.0.1.1
route add default via 10.12.0.2 metric 50
route add 10.20.0.0/16 via 10.1.0.9 mtu 1400 advmss 1300 initcwnd 20
route add 10.21.0.0/16 nexthop via 10.1.0.9 dev e0 weight 2 nexthop via 10.12.0.2 dev y0 weight 3
route add 10.22.0.0/16 via 192.168.99.1 dev y0 onlink
route add 10.23.0.0/16 via inet6 2001:db8:12::2 dev y0
route add blackhole 10.24.0.0/16
route add unreachable 10.25.0.0/16 metric 7 table 100
route add 10.26.0.0/16 dev e0 scope link table 100 src 10.1.0.2
route add 10.26.0.0/16 dev y0 scope link table 100 metric 10 proto static
route add 10.27.0.0/16 dev tun0
route add 2001:db8:20::/48 via 2001:db8:1::9 metric 77
route add 2001:db8:21::/48 nexthop via 2001:db8:1::9 dev e0 nexthop via 2001:db8:12::2 dev y0
route add prohibit 2001:db8:22::/48 table 100
route add 2001:db8:23::/48 dev tun0
rule add from 10.1.0.0/24 table 100 priority 500
rule add fwmark 7/15 iif e0 table 101 priority 501
rule add to 10.20.0.0/16 ipproto tcp dport 80-90 prohibit priority 502
neigh add 10.1.0.9 lladdr 02:00:00:00:09:09 dev e0 nud permanent
neigh add 10.1.0.8 lladdr 02:00:00:00:09:08 dev e0 nud noarp
neigh add 10.1.0.6 lladdr 02:00:00:00:09:06 dev e0 nud noarp
neigh add 2001:db8:1::9 lladdr 02:00:00:00:09:09 dev e0 nud permanent router
neigh add proxy 10.1.0.77 dev e0
END
ip -n old1 -6 -batch - <<'END'
rule add from 2001:db8:1::/64 table 100 priority 600
rule add to 2001:db8:20::/48 blackhole priority 601
END
ip netns exec old1 sysctl -qw net.ipv4.conf.e0.rp_filter=2 net.ipv4.conf.e0.forwarding=0 net.ipv6.conf.e0.accept_ra=0 \
    net.ipv6.conf.y0.forwarding=1 net.ipv4.neigh.e0.gc_stale_time=9999 net.ipv4.conf.tap0.arp_ignore=1
bridge -n old1 fdb add 02:00:00:00:0f:0f dev e1 master static
bridge -n old1 fdb append 02:00:00:00:0f:0e dev vx0 dst 10.0.1.9 self permanent

ip -n old2 -batch - <<'END'
link add name d0 address 02:00:00:00:03:00 type veth peer name d1 address 02:00:00:00:03:01
link add name p0 address 02:00:00:00:03:02 type veth peer name p1 address 02:00:00:00:03:03
link set lo up
link set d0 up
link set d1 up
link set y0 up
link set hz up
addr add 10.12.0.2/24 dev y0
addr add 2001:db8:12::2/64 dev y0
addr add 10.2.0.1/24 dev d0
addr add 2001:db8:2::1/64 dev d0
addr add 10.2.1.1/24 dev d1
addr add 10.99.0.1/32 dev lo
route add default via 10.12.0.1
route add 10.30.0.0/16 via 10.2.0.9 metric 3
neigh add 10.2.0.9 lladdr 02:00:00:00:09:19 dev d0 nud permanent
END

tc -batch - <<'END'
qdisc add dev hx root tbf rate 100mbit burst 64kb latency 50ms
qdisc add dev hy root handle 1: htb default 10
class add dev hy parent 1: classid 1:10 htb rate 10mbit
class add dev hy parent 1: classid 1:20 htb rate 5mbit ceil 10mbit
qdisc add dev hy parent 1:10 handle 10: pfifo limit 50
filter add dev hy parent 1: protocol ip pref 5 u32 match ip dst 10.9.0.0/16 flowid 1:20
END
tc -n old1 -batch - <<'END'
qdisc add dev e0 root handle 1: htb default 10
class add dev e0 parent 1: classid 1:10 htb rate 10mbit
qdisc add dev e0 parent 1:10 handle 10: bfifo limit 9kb
qdisc add dev e0 ingress
qdisc add dev x0 root tbf rate 100mbit burst 64kb latency 50ms
END

# What demands a carrier, which y0 has only now.
ip -n old1 -batch - <<'END'
nexthop add id 5 via 10.12.0.2 dev y0
route add 10.28.0.0/16 nhid 5
END

nft -f - <<'END'
table ip older {
    set hosts { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.168.1.1 }; }
    chain out { type filter hook output priority filter; policy accept; ip daddr @hosts accept comment "it is older"; }
}
table inet nescript-masquerade-000000000000 {
    chain postrouting { type nat hook postrouting priority srcnat; policy accept; oifname "hy" masquerade comment "out hy"; }
}
END
ip netns exec old1 ethtool -K e0 tso off
ip xfrm policy add dst 10.71.0.0/16 dir out priority 5 tmpl src 10.0.1.1 dst 10.0.1.9 proto esp reqid 7 level use
ip xfrm policy add dst 10.72.0.0/16 dir fwd action block
