# What is there before vm.nes runs, made without NEScript: two namespaces with
# kinds of links, qdiscs and routes that few kernels all have. As in older.sh
# nothing waits for anything.
set -eu

sysctl -qw net.ipv6.conf.default.accept_dad=0
ip netns add old1
ip netns add old2

ip netns exec old1 sh -eu <<'END'
sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv4.ip_forward=1 net.mpls.platform_labels=1000
ip -batch - <<'IP'
link add name e0 address 02:00:00:00:02:00 type veth peer name d0 address 02:00:00:00:02:01 netns old2
link add name p0 address 02:00:00:00:02:02 numtxqueues 4 type veth peer name q0 address 02:00:00:00:02:03 netns old2
link add name s0 address 02:00:00:00:02:04 type veth peer name t0 address 02:00:00:00:02:05 netns old2
link add name du0 address 02:00:00:00:02:06 type dummy
link add name br0 address 02:00:00:00:02:07 type bridge vlan_filtering 1 mcast_querier 0
link add name bo0 address 02:00:00:00:02:08 type bond mode active-backup miimon 100 xmit_hash_policy layer3+4
link add name vr0 address 02:00:00:00:02:09 type vrf table 10
link add name v10 link e0 address 02:00:00:00:02:0a type vlan id 10 reorder_hdr off egress-qos-map 1:3
link add name iv0 link du0 type ipvlan mode l3
link add name gre1 type gre remote 10.1.0.9 local 10.1.0.1 key 5 ttl 9
link add name sit1 type sit remote 10.1.0.9 local 10.1.0.1 ttl 7
link add name ipip1 type ipip remote 10.1.0.8 local 10.1.0.1
link add name wg0 type wireguard
link add name vx0 address 02:00:00:00:02:0b type vxlan external dstport 4789
link set lo up
link set e0 up
link set p0 up
link set du0 up
link set p0 master br0
link set vx0 master br0
link set vx0 up
link set vx0 type bridge_slave vlan_tunnel on
link set br0 up
link set bo0 up
link set s0 master bo0
link set s0 type bond_slave queue_id 2 prio 9
link set s0 up
link set bo0 type bond primary s0
link set vr0 up
link set v10 up
link set v10 master vr0
link set iv0 up
link set gre1 up
link set sit1 up
link set wg0 mtu 1400 up
IP
ip -n old2 link set d0 up # whose carrier next hops demand
ip -batch - <<'IP'
addr add 10.1.0.1/24 dev e0
addr add 2001:db8:1::1/64 dev e0
addr add 10.2.0.1/24 dev du0
addr add 10.3.0.1/24 dev v10
addr add 10.4.0.1/24 dev iv0
addr add 10.5.0.1/24 dev gre1
addr add 10.6.0.1/24 dev wg0
token set ::7 dev e0
route add default via 10.3.0.9 vrf vr0
route add 10.20.0.0/16 dev gre1
route add 10.21.0.0/16 encap mpls 100/200 via 10.1.0.9
nexthop add id 1 via 10.1.0.9 dev e0
nexthop add id 2 via 10.2.0.9 dev du0
nexthop add id 3 group 1,3/2
route add 10.22.0.0/16 nhid 3
IP
ip -M route add 100 via inet 10.1.0.9 dev e0
ip -M route add 101 as 200/300 via inet 10.1.0.9
bridge -batch - <<'BRIDGE'
vlan add dev p0 vid 10-20
vlan add dev p0 vid 30 pvid untagged
vlan set dev p0 vid 12 state blocking
vlan add dev br0 vid 10 self
vlan global set dev br0 vid 10 mcast_querier 1 mcast_igmp_version 3
vlan global set dev br0 vid 13 mcast_last_member_interval 77
vlan add dev vx0 vid 10-12
vlan add dev vx0 vid 10-12 tunnel_info id 1010-1012
fdb add 02:00:00:00:0f:01 dev p0 master static vlan 10
mdb add dev br0 port p0 grp 239.1.1.1 permanent vid 10
BRIDGE
echo '8I3FGNUxQiDwvKTP3XrAyd0OcBuzYkxP6pYlHU3S7E4=' >/tmp/vm-older.key
wg set wg0 listen-port 5000 fwmark 7 private-key /tmp/vm-older.key \
    peer xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg= endpoint 10.1.0.9:5001 allowed-ips 10.6.0.2/32,10.7.0.0/16 persistent-keepalive 0
rm /tmp/vm-older.key
tc -batch - <<'TC'
qdisc add dev e0 root handle 1: prio bands 4
qdisc add dev e0 parent 1:1 handle 10: netem delay 10ms 2ms loss 1% limit 77
filter add dev e0 parent 1: protocol ip pref 5 flower ip_proto tcp dst_port 80 classid 1:1
qdisc add dev e0 clsact
filter add dev e0 ingress protocol ip pref 5 flower dst_ip 10.9.0.0/16 action pedit ex munge ip ttl add 0xff munge eth dst set 02:00:00:00:00:77 pipe action csum ip4h pipe action mirred egress redirect dev du0
filter add dev e0 egress protocol all pref 6 matchall action police rate 10mbit burst 20k conform-exceed drop/pipe
filter add dev e0 egress protocol ip pref 7 basic match 'cmp(u8 at 9 layer network eq 6) and not meta(nf_mark eq 3)' action gact drop
TC
ip xfrm state add src 10.1.0.1 dst 10.1.0.9 proto esp spi 0x100 reqid 1 mode tunnel enc 'cbc(aes)' 0x000102030405060708090a0b0c0d0e0f auth 'hmac(sha256)' 0x000102030405060708090a0b0c0d0e0f
END
