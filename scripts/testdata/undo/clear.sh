# Takes away what older.sh made, and what a script left of it or beside it.
for ns in $(ip netns list | cut -d' ' -f1); do ip netns del "$ns"; done
for link in $(ip -o link | cut -d: -f2 | cut -d@ -f1); do
    [ "$link" = lo ] || ip link del "$link" 2>/dev/null
done
for family in -4 -6; do
    ip $family rule flush
    ip $family rule add from all table main priority 32766
done
ip -4 rule add from all table default priority 32767
ip route flush table 78 2>/dev/null
ip route flush table 100 2>/dev/null
ip route flush type blackhole 2>/dev/null
ip -6 route flush type blackhole 2>/dev/null
ip addr flush dev lo scope global
sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0 net.ipv6.conf.default.accept_dad=1
nft flush ruleset
ip xfrm policy flush
rm -rf /run/nescript
true
