//go:build linux

package nsexec_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/nescript/nescript/nsexec"
)

// A bridge in a namespace of its own.
func ExampleDo() {
	err := nsexec.Do(nsexec.NPNow(),
		nsexec.NewNS("example", true),
		nsexec.NewLink(nsexec.LinkConfig{Kind: "bridge", Name: "br0"}),
		nsexec.SetUp(nsexec.ByName("br0")),
		nsexec.AddAddr(nsexec.AddrConfig{Link: nsexec.ByName("br0"), Prefix: netip.MustParsePrefix("10.0.0.254/24")}))
	if err != nil {
		log.Fatal(err)
	}
	defer nsexec.DeleteNamedNS("example")

	err = nsexec.Do(nsexec.NPName("example"), nsexec.SetUp(nsexec.ByName("br1")))
	var none *nsexec.NoLinkError
	if errors.As(err, &none) {
		fmt.Println(none)
		fmt.Println("br0 is here:", slices.Contains(none.Have, "br0"))
	}
	// Output:
	// no link "br1" in namespace "example"
	// br0 is here: true
}

// Two namespaces with a cable between them, and what the kernel says of it.
func ExampleEngine() {
	ctx := context.Background()
	engine, err := nsexec.NewEngine()
	if err != nil {
		log.Fatal(err)
	}
	defer engine.Close()

	h1, h2 := nsexec.Named("h1"), nsexec.Named("h2")
	defer nsexec.DeleteNamedNS("h1")
	defer nsexec.DeleteNamedNS("h2")
	err = engine.Run(ctx,
		nsexec.Step{Action: nsexec.NewNS("h1", true)},
		nsexec.Step{Action: nsexec.NewNS("h2", true)},
		nsexec.Step{NS: h1, Action: nsexec.NewLink(nsexec.LinkConfig{
			Kind: "veth", Name: "eth0", MTU: 9000, Up: true,
			Peer: &nsexec.LinkConfig{NS: h2, Name: "eth0"},
		})},
		nsexec.Step{NS: h2, Action: nsexec.SetUp(nsexec.ByName("eth0"))})
	if err != nil {
		log.Fatal(err)
	}

	err = engine.Look(ctx, h1, func(c *nsexec.Conn) error {
		eth0, err := nsexec.LinkInfo(c, nsexec.ByName("eth0"))
		fmt.Println(eth0.Name, eth0.MTU, slices.Contains(eth0.Flags, "LOWER_UP"))
		return err
	})
	if err != nil {
		log.Fatal(err)
	}

	err = engine.Run(ctx, nsexec.Step{NS: h1, Action: nsexec.NewNS("h1", true)})
	fmt.Println(err)
	fmt.Println(errors.Is(err, unix.EEXIST))
	// Output:
	// eth0 9000 true
	// action 1 (ns h1): namespace "h1" exists already
	// true
}

// An action of one's own. It opens a socket, which is in the namespace of the
// thread that opens it, and stays there whoever uses it.
func ExampleActionFunc() {
	if err := nsexec.NewNamedNS("server", true); err != nil {
		log.Fatal(err)
	}
	defer nsexec.DeleteNamedNS("server")

	var listener net.Listener
	listen := nsexec.ActionFunc("listen", "listen on port 80", true, func(context.Context, *nsexec.Conn) (err error) {
		listener, err = net.Listen("tcp", "127.0.0.1:80")
		return err
	})
	if err := nsexec.Do(nsexec.NPName("server"), listen); err != nil {
		log.Fatal(err)
	}
	defer listener.Close()

	_, err := net.Dial("tcp", "127.0.0.1:80") // nobody listens out here
	fmt.Println(errors.Is(err, unix.ECONNREFUSED))
	// Output: true
}
