//go:build linux

package builtins_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

// tcpHosts are those that tests connect to.
var tcpHosts = []string{"10.9.0.2", "10.9.0.130", "10.9.1.2", "2001:db8::2"}

// Test_tcpMetrics has TCP learn of hosts and forget them. Half a network forgotten is
// what ip makes of the same words; so is one host, and all.
func Test_tcpMetrics(t *testing.T) {
	here, there := nstest.NS(t), nstest.NS(t)
	_, err := runOn(t, "", fmt.Sprintf(`veth %[1]s:a 10.9.0.1/16 2001:db8::1/64 %[2]s:b 10.9.0.2/16 10.9.0.130/16 10.9.1.2/16 2001:db8::2/64 up
in ns %[1]s %[2]s < sysctl net.ipv4.tcp_no_metrics_save 0; settle >`, here.Name, there.Name))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		args, ip string // ip takes a network of length 0 for all of both versions
		left     []string
	}{
		{" 10.9.0.0/25", "", []string{"10.9.0.130", "10.9.1.2", "2001:db8::2"}},
		{" 10.9.0.0/24", "", []string{"10.9.1.2", "2001:db8::2"}},
		{" 10.9.1.2", "", []string{"10.9.0.130", "10.9.0.2", "2001:db8::2"}},
		{" 2001:db8::2", "", []string{"10.9.0.130", "10.9.0.2", "10.9.1.2"}},
		{" ::/0", "-6 tcp_metrics flush all", []string{"10.9.0.130", "10.9.0.2", "10.9.1.2"}},
		{" 0.0.0.0/0", "-4 tcp_metrics flush all", []string{"2001:db8::2"}},
		{" 192.0.2.0/24", "", []string{"10.9.0.130", "10.9.0.2", "10.9.1.2", "2001:db8::2"}},
		{"", "tcp_metrics flush all", nil},
	} {
		learn(t, here, there)
		if test.ip == "" {
			test.ip = "tcp_metrics flush" + test.args
		}
		ipBatch(t, here, test.ip)
		byIP := learnt(t, here)
		learn(t, here, there)
		if _, err := runOn(t, "", fmt.Sprintf("in %s < flush tcp_metrics%s >", here, test.args)); err != nil {
			t.Errorf("flush tcp_metrics%s: %v", test.args, err)
		}
		if got := learnt(t, here); !slices.Equal(got, test.left) || !slices.Equal(got, byIP) {
			t.Errorf("flush tcp_metrics%s leaves %v, want %v; ip leaves %v", test.args, got, test.left, byIP)
		}
	}
	if !t.Failed() {
		see(t, "flush tcp_metrics")
	}
	// It is not undone, and its entries are no others' concern: those of the other
	// namespace stay.
	learn(t, here, there)
	undoneAtOnce(t, fmt.Sprintf("in %s < flush tcp_metrics >", here))
	if got := learnt(t, here); len(got) != 0 {
		t.Errorf("once the run has failed there are %v", got)
	}
	if diff := cmp.Diff([]string{"10.9.0.1", "2001:db8::1"}, learnt(t, there)); diff != "" {
		t.Error(diff)
	}
}

// learnt are the hosts of which TCP has learnt something in a namespace.
func learnt(t *testing.T, ns nsexec.Ref) []string {
	t.Helper()
	text, err := nstest.Output(ns, "", "ip", "-j", "tcp_metrics", "show")
	if err != nil {
		t.Fatal(err)
	}
	// ip prints an array for each version of IP, or one for both.
	decoder := json.NewDecoder(strings.NewReader(text))
	var out []string
	for {
		var hosts []struct {
			To string `json:"dst"`
		}
		err := decoder.Decode(&hosts)
		if errors.Is(err, io.EOF) {
			slices.Sort(out)
			return slices.Compact(out)
		}
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		for _, h := range hosts {
			out = append(out, h.To)
		}
	}
}

// learn has TCP of one namespace connect to the hosts, which are in the other, and
// waits until both have learnt of each other.
func learn(t *testing.T, from, to nsexec.Ref) {
	t.Helper()
	for _, host := range tcpHosts {
		if err := exchange(from, to, host); err != nil {
			t.Fatal(err)
		}
	}
	want := slices.Sorted(slices.Values(tcpHosts))
	for range 100 {
		if slices.Equal(learnt(t, from), want) && len(learnt(t, to)) == 2 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("TCP has learnt of %v and %v", learnt(t, from), learnt(t, to))
}

// exchange has a program of one namespace say something to one of another, which
// answers.
func exchange(from, to nsexec.Ref, host string) error {
	var listener net.Listener
	err := nsexec.Do(nsexec.NPName(to.Name), nsexec.NAGeneric("listen", func() (err error) {
		listener, err = net.Listen("tcp", net.JoinHostPort(host, "0"))
		return err
	}))
	if err != nil {
		return err
	}
	defer listener.Close()
	served := make(chan error, 1)
	go func() {
		c, err := listener.Accept()
		if err == nil {
			_, err = io.Copy(c, c)
			err = errors.Join(err, c.Close())
		}
		served <- err
	}()
	var c net.Conn
	err = nsexec.Do(nsexec.NPName(from.Name), nsexec.NAGeneric("dial", func() (err error) {
		c, err = net.Dial("tcp", listener.Addr().String())
		return err
	}))
	if err != nil {
		return err
	}
	_, said := c.Write([]byte("hello"))
	heard := make([]byte, 5)
	_, read := io.ReadFull(c, heard)
	return errors.Join(said, read, c.Close(), <-served)
}

// TestTCPMetrics_refused: the root of a sandbox is told who may.
func TestTCPMetrics_refused(t *testing.T) {
	refused(t, map[string]string{
		"tcp_metrics":                   `"tcp_metrics" needs flush before it`,
		"del tcp_metrics 10.0.0.1":      `"del" can't stand before "tcp_metrics"`,
		"flush tcp_metrics 10.0.0.1/33": "PREFIX: /33 is more than the 32 bits",
		"flush tcp_metrics host":        `PREFIX: "host" is not an address`,
		"flush tcp_metrics ::1 ::2":     `"tcp_metrics" takes no further argument`,
	})
	_, err := runOn(t, "", "flush tcp_metrics")
	if !errors.Is(err, unix.EPERM) || !strings.Contains(err.Error(), "only the root of the machine itself") {
		t.Errorf("in a sandbox: %v", err)
	}
}
