//go:build linux

package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// socket is an rtnetlink socket that is kept open. It is in the namespace of
// the thread that opened it.
type socket int

func openSocket() (socket, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	return socket(fd), os.NewSyscallError("socket", err)
}

// send has the kernel do a batch of messages, which it empties. Only the last
// one is acknowledged; those that fail are told of before.
func (s socket) send(m *batch) error {
	if m.count == 0 {
		return nil
	}
	defer m.reset()
	flags := m.b[m.last+6:]
	order.PutUint16(flags, order.Uint16(flags)|unix.NLM_F_ACK)
	if err := unix.Sendto(int(s), m.b, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return os.NewSyscallError("sendto", err)
	}
	var failed error
	for {
		seq, errno, err := s.receive()
		if err != nil {
			return err
		}
		if errno != 0 && failed == nil {
			failed = fmt.Errorf("message %d of %d: %w", seq, m.count, errno)
		}
		if seq == m.count {
			return failed
		}
	}
}

// receive reads one acknowledgement, past whatever else comes. The kernel sends
// each by itself.
func (s socket) receive() (seq int, errno unix.Errno, err error) {
	for {
		typ, header, body, err := s.read()
		if err != nil {
			return 0, 0, err
		}
		if typ == unix.NLMSG_ERROR && len(body) >= 4 {
			return int(order.Uint32(header[8:])), unix.Errno(-int32(order.Uint32(body))), nil
		}
	}
}

// read reads a packet and returns its first message.
func (s socket) read() (typ uint16, header, body []byte, err error) {
	var buf [4096]byte
	n, _, err := unix.Recvfrom(int(s), buf[:], 0)
	if err != nil {
		return 0, nil, nil, os.NewSyscallError("recvfrom", err)
	}
	if n < unix.SizeofNlMsghdr {
		return 0, nil, nil, fmt.Errorf("%d bytes are no message", n)
	}
	return order.Uint16(buf[4:]), buf[:unix.SizeofNlMsghdr], buf[unix.SizeofNlMsghdr:n], nil
}

// listen has the kernel tell of links that come and go.
func (s socket) listen() error {
	err := unix.Bind(int(s), &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: unix.RTMGRP_LINK})
	return os.NewSyscallError("bind", err)
}

// awaitGone waits until a link has gone, on a socket that listens since before
// the link was made.
func (s socket) awaitGone(index int) error {
	for {
		typ, _, body, err := s.read()
		if err != nil {
			return err
		}
		if typ == unix.RTM_DELLINK && len(body) >= unix.SizeofIfInfomsg && int(order.Uint32(body[4:])) == index {
			return nil
		}
	}
}
