//go:build linux

package scripts_test

import (
	"net"
	"strconv"
)

// sendFlows sends n datagrams to n ports of addr, each a flow of its own. The
// sockets are opened on the caller's thread, so in its namespace.
func sendFlows(addr string, n int) error {
	for i := range n {
		conn, err := net.Dial("udp", net.JoinHostPort(addr, strconv.Itoa(20000+i)))
		if err != nil {
			return err
		}
		_, err = conn.Write([]byte("x"))
		conn.Close()
		// A port that nothing listens on answers a later write with
		// ECONNREFUSED; the datagram was sent all the same.
		if err != nil {
			return err
		}
	}
	return nil
}
