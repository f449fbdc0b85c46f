//go:build linux

package nsexec

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"time"

	probing "github.com/prometheus-community/pro-bing"
	"golang.org/x/sys/unix"
)

// PingConfig is what Ping sends.
type PingConfig struct {
	IP      netip.Addr
	Count   int           // 0 is 1
	Size    int           // of the payload in bytes; 0 is 24
	Timeout time.Duration // for all of it; 0 is a second, and 100 ms more for each further one
}

// PingError says that not every echo request was answered.
type PingError struct {
	IP             netip.Addr
	Sent, Received int
	Within         time.Duration
}

func (e *PingError) Error() string {
	return fmt.Sprintf("%d of %d replies from %s within %s", e.Received, e.Sent, e.IP, e.Within)
}

// Unwrap returns ETIMEDOUT.
func (e *PingError) Unwrap() error { return unix.ETIMEDOUT }

// Ping sends ICMP echo requests from the namespace and fails unless all are
// answered. It needs CAP_NET_RAW over the namespace.
func Ping(cfg PingConfig) NsAction { return threadAction("ping", pingOp{cfg}) }

type pingOp struct{ cfg PingConfig }

func (o pingOp) String() string { return "ping " + o.cfg.IP.String() }

// pingGap is the time between two requests.
const pingGap = 100 * time.Millisecond

func (o pingOp) act(ctx context.Context, _ *Conn) error {
	cfg := o.cfg
	cfg.Count = max(cfg.Count, 1)
	if cfg.Timeout == 0 {
		cfg.Timeout = time.Second + time.Duration(cfg.Count-1)*pingGap
	}
	p := probing.New(cfg.IP.String())
	p.SetPrivileged(true)
	p.SetIPAddr(&net.IPAddr{IP: cfg.IP.AsSlice(), Zone: cfg.IP.Zone()})
	p.SetLogger(probing.NoopLogger{})
	p.Count, p.Timeout, p.Interval = cfg.Count, cfg.Timeout, pingGap
	if cfg.Size > 0 {
		p.Size = cfg.Size
	}
	// Run opens its socket on this goroutine, so in the namespace.
	err := p.RunWithContext(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return bareNetError(err)
	}
	if s := p.Statistics(); s.PacketsRecv < cfg.Count {
		return &PingError{IP: cfg.IP, Sent: cfg.Count, Received: s.PacketsRecv, Within: cfg.Timeout}
	}
	return nil
}

// ConnectTCP connects to a TCP port from the namespace and closes the
// connection.
func ConnectTCP(addr netip.AddrPort, timeout time.Duration) NsAction {
	return threadAction("tcp", tcpOp{addr, timeout})
}

type tcpOp struct {
	addr    netip.AddrPort
	timeout time.Duration
}

func (o tcpOp) String() string { return "tcp " + o.addr.String() }

func (o tcpOp) act(ctx context.Context, _ *Conn) error {
	// A dialer with one address opens its socket on this goroutine, so in the
	// namespace.
	d := net.Dialer{Timeout: o.timeout, FallbackDelay: -1}
	network := "tcp4"
	if o.addr.Addr().Is6() {
		network = "tcp6"
	}
	conn, err := d.DialContext(ctx, network, net.JoinHostPort(o.addr.Addr().String(), strconv.Itoa(int(o.addr.Port()))))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return bareNetError(err)
	}
	return conn.Close()
}

// bareNetError is an error without the addresses, which the statement has said.
func bareNetError(err error) error {
	var errno unix.Errno
	if errors.As(err, &errno) {
		return errno
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return fmt.Errorf("no answer: %w", unix.ETIMEDOUT)
	}
	return err
}
