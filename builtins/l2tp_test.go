//go:build linux

package builtins_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec/nstest"
)

const (
	l2tpIDs     = "l2tp tunnel tunnel_id 5 peer_tunnel_id 6 "
	l2tpUDP     = l2tpIDs + "encap udp local 127.0.0.1 remote 127.0.0.1 udp_sport 5000 udp_dport 6000"
	l2tpUDP6    = l2tpIDs + "encap udp local ::1 remote ::1 udp_sport 5000 udp_dport 6000"
	l2tpSession = "l2tp session s0 tunnel_id 5 session_id 7 peer_session_id 8"
	ipUDP       = "l2tp add tunnel tunnel_id 5 peer_tunnel_id 6 encap udp local 127.0.0.1 remote 127.0.0.1 udp_sport 5000 udp_dport 6000"
	ipUDP6      = "l2tp add tunnel tunnel_id 5 peer_tunnel_id 6 encap udp local ::1 remote ::1 udp_sport 5000 udp_dport 6000"
	ipSession   = "l2tp add session name s0 tunnel_id 5 session_id 7 peer_session_id 8"
)

var l2tpTunnels = []sameAs{
	{l2tpUDP + " udp_csum on", ipUDP + " udp_csum on"},
	{l2tpUDP6 + " udp6_csum_tx off", ipUDP6 + " udp6_csum_tx off"},
	{l2tpUDP6 + " udp6_csum_rx off", ipUDP6 + " udp6_csum_rx off"},
	{l2tpIDs + "encap ip local 127.0.0.1 remote 127.0.0.1", "l2tp add tunnel tunnel_id 5 peer_tunnel_id 6 encap ip local 127.0.0.1 remote 127.0.0.1"},
	{l2tpUDP + " udp_csum on; ensure " + l2tpUDP + " udp_csum off", ipUDP},
	{l2tpUDP6 + " udp6_csum_tx off; ensure " + l2tpUDP6 + " udp6_csum_tx on", ipUDP6},
	{"ensure " + l2tpUDP + "; l2tp tunnel tunnel_id 8 peer_tunnel_id 6 encap ip local 127.0.0.1 remote 127.0.0.1; del l2tp tunnel tunnel_id 8", ipUDP},
}

var l2tpSessions = []sameAs{
	{l2tpSession + " cookie 12345678 peer_cookie 0102030405060708 l2spec_type none seq both", ipSession + " cookie 12345678 peer_cookie 0102030405060708 l2spec_type none seq both"},
	{"ensure " + l2tpSession + "; l2tp session tunnel_id 5 session_id 9 peer_session_id 9; del l2tp session tunnel_id 5 session_id 9", ipSession},
	{"l2tp session tunnel_id 5 session_id 9 peer_session_id 10 seq send", "l2tp add session tunnel_id 5 session_id 9 peer_session_id 10 seq send"},
}

func needL2tp(t *testing.T) {
	t.Helper()
	nstest.NeedThat(t, "L2TP", nstest.HasGenl("l2tp"))
}

func TestL2tp_asIP(t *testing.T) {
	needL2tp(t)
	genlAsIP(t, onlyVM, "", l2tpTunnels, "l2tp show tunnel")
	genlAsIP(t, onlyVM, l2tpUDP+";", l2tpSessions, "l2tp show session")
}

func TestL2tp_undo(t *testing.T) {
	needL2tp(t)
	genlUndone(t, onlyVM, "l2tp add tunnel tunnel_id 1 peer_tunnel_id 2 encap ip local 127.0.0.1 remote 127.0.0.1\n"+
		"l2tp add tunnel tunnel_id 3 peer_tunnel_id 4 encap udp local ::1 remote ::1 udp_sport 7000 udp_dport 8000 udp6_csum_tx off\n"+
		"l2tp add tunnel tunnel_id 6 peer_tunnel_id 4 encap udp local 127.0.0.1 remote 127.0.0.1 udp_sport 7100 udp_dport 8000", []string{
		"del l2tp tunnel tunnel_id 3; del l2tp tunnel tunnel_id 6; " + l2tpUDP + ";" + l2tpSession + "; up s0; addr s0 10.5.0.1/24; l2tp session s1 tunnel_id 1 session_id 3 peer_session_id 3",
		"del l2tp tunnel tunnel_id 1; l2tp session s0 tunnel_id 3 session_id 3 peer_session_id 3; up s0; del l2tp session tunnel_id 3 session_id 3; l2tp tunnel tunnel_id 1 peer_tunnel_id 9 encap ip local 127.0.0.2 remote 127.0.0.2",
	})
}

// TestL2tp_older: a session that is older than the run is not deleted, as it could
// not be put back as it was.
func TestL2tp_older(t *testing.T) {
	needL2tp(t)
	ns, err := runOn(t, "", "")
	if err != nil {
		t.Fatal(err)
	}
	ipBatch(t, ns, ipUDP+"\n"+ipSession)
	for _, script := range []string{"del l2tp session tunnel_id 5 session_id 7", "del l2tp tunnel tunnel_id 5"} {
		err := runWith(t, "in "+ns.String()+" < "+script+" >")
		if !errors.Is(err, unix.EOPNOTSUPP) || !strings.Contains(err.Error(), "older than the run") {
			t.Errorf("%s: %v", script, err)
		}
	}
	if err := runWith(t, "in "+ns.String()+" < ensure "+l2tpSession+"; mtu s0 1300 >"); err != nil {
		t.Error(err)
	}
}

// TestL2tp_traffic pings through a session between two namespaces, whose links are
// known to what follows.
func TestL2tp_traffic(t *testing.T) {
	needL2tp(t)
	defer run(t, "del ns l-a l-b")
	_, err := run(t, `
ns l-a l-b
veth l-a:e 10.0.0.1/24 l-b:e 10.0.0.2/24 up
in ns l-a < l2tp tunnel tunnel_id 1 peer_tunnel_id 2 encap udp local 10.0.0.1 remote 10.0.0.2 udp_sport 5000 udp_dport 6000 >
in ns l-b < l2tp tunnel tunnel_id 2 peer_tunnel_id 1 encap udp local 10.0.0.2 remote 10.0.0.1 udp_sport 6000 udp_dport 5000 >
l2tp session l-a:s0 tunnel_id 1 session_id 11 peer_session_id 22 cookie 01020304 peer_cookie 05060708
l2tp session l-b:s0 tunnel_id 2 session_id 22 peer_session_id 11 cookie 05060708 peer_cookie 01020304
addr l-a:s0 10.1.0.1/24; addr l-b:s0 10.1.0.2/24; up l-a:s0 l-b:s0
expect within 5s ping from l-a 10.1.0.2`)
	if err != nil {
		t.Error(err)
	}
}
