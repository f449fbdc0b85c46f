//go:build linux

// Package nsexec does things in Linux network namespaces: it makes links and
// changes them, sets addresses and routes, reads what is there, and runs
// functions and programs inside.
//
// # Actions
//
// What is to be done is an [Action]: a [NsAction] on a namespace as a whole or
// a [LinkAction] on one link. [ActionFunc] makes one of any function. [Do] does
// a few in one namespace, on a thread that has entered it:
//
//	err := nsexec.Do(nsexec.NPName("example"),
//		nsexec.NewLink(nsexec.LinkConfig{Kind: "bridge", Name: "br0"}),
//		nsexec.SetUp(nsexec.ByName("br0")))
//
// An [Engine] does many in many namespaces, which are named by [Ref] values. It
// keeps a netlink socket open in each one, so that most actions need no thread
// to enter it, and it closes those used least before descriptors run out:
//
//	err := engine.Run(ctx,
//		nsexec.Step{NS: nsexec.Named("h1"), Action: nsexec.SetUp(nsexec.ByName("eth0"))},
//		nsexec.Step{NS: nsexec.Named("h2"), Action: nsexec.SetUp(nsexec.ByName("eth0"))})
//
// An action works through a [Conn], the connection to its namespace: a netlink
// handle, raw requests, and links by name. Functions such as [Links], [Addrs]
// and [Routes] read through one, in [Engine.Look].
//
// # Files
//
// What is done to an object is in the file that has its name: link.go and
// linkstate.go, addr.go, route.go, neigh.go, traffic.go, nft.go and so on. The
// first word of the others tells what they are about:
//
//   - query_*.go read what is there, attr.go and query_attrs.go the attributes of
//     messages.
//   - undo*.go note what undoes a change, put it in order and do it; record*.go
//     read all there is of an older object before it goes, restore*.go bring it
//     back, aside*.go keep what can come back itself; unmake.go and removeaddr.go
//     take away what the run has made, and absent.go knows what was not there.
//   - engine.go and do.go run actions, perform.go does one; fuse.go, batch.go,
//     deferred.go, ahead.go, unseen.go, known.go, index.go and held.go are told of
//     below.
//   - worker.go alone enters namespaces, on threads of its own; pool*.go keep
//     connections, conn.go and execute.go are one, open.go and ref.go find what a
//     name stands for.
//   - genl*.go and record_genl.go have the objects of generic netlink, which one
//     table describes.
//   - kinds.go and haskind.go know what a kernel may lack, explain.go and errors.go
//     what to say of what it refuses.
//   - sandbox*.go run the program again where it may do all this.
//
// # Speed
//
// What can be seen is always as if the steps of a Run were done one by one, in
// order, each by itself; [StepByStep] has the engine do just that. Else it takes
// fewer messages and waits less:
//
//   - A link that is made and then set is made so by one message, and settings of
//     a link that follow each other go together (fuse.go). What the kernel refuses
//     is done again step by step, and fails where it is wrong.
//   - The index of a link that a Run has made or found is known until an action
//     may have changed names (known.go), and in a namespace that the engine has
//     made it gives links the indexes that the kernel would (index.go).
//   - Namespaces are made ahead on a thread per processor, and named ahead where
//     no step before can tell (ahead.go, unseen.go). Somebody who looks from
//     outside may see one some steps early. Where a step before fails it is taken
//     back.
//   - Addresses, routes and plain links that are new, in namespaces of the run's own,
//     go by one call with what is before them, and are taken back where that was
//     refused (batch.go). They wait until their namespace is needed, at the latest for the
//     end of the Run, since a host that is up makes a bridge flood (deferred.go).
//     With a [Later] several Runs are as one, so that the first can begin before
//     the steps of the last are known.
//   - In an older namespace it has to be known of what is new that it was not there.
//     The list that tells so counts for a moment, as long as nothing is taken for
//     being there by it (absent.go); likewise the list by which an address goes
//     without others (removeaddr.go).
//   - A request is two system calls on a socket that is kept (execute.go), during
//     which a program that does little else keeps its processor (held.go).
//
// # BPF
//
// A [BPFProgram] of an object file is loaded by the action that puts it on a
// filter, a link or a route, and lives as long as something runs it (bpf.go). The
// kernel tells a program by its number, by which a record has it; an [Undo] holds
// those that a run may displace, so that they come back, the same ones
// (bpf_held.go). Of a route's program it tells not even that, but for seg6local:
// where it can't be told which one it was, the route is left alone. It does not
// tell a route's headroom, either.
//
// # Errors
//
// A failed action is a [StepError], which says which it was, around an
// [OpError], which has the kernel's errno and, where the kernel gave one, its
// explanation. errors.Is(err, unix.EPERM) and the like hold through all of
// them. What is not there is a [NoLinkError], a [NoNamespaceError] or a
// [NoKindError]; the first two know what is there instead.
//
// # Threads
//
// A namespace belongs to a thread. All that enters one runs on a thread of its
// own that is held until it is back home, and is ended where it can't go back
// (see [ErrDirtyThread]). So no goroutine of the program ever finds itself in a
// wrong namespace, whatever an action does: fail, panic, or exit. Goroutines
// that an action starts are not in its namespace. Programs are, if the action's
// own goroutine starts them; they must be started without Pdeathsig, since that
// means the death of the thread.
//
// # Privileges
//
// To enter and to change a namespace takes CAP_SYS_ADMIN and CAP_NET_ADMIN in
// the user namespace that owns it. To load a BPF program takes CAP_BPF in the
// machine's first one. Without, use [Sandbox]: it runs the program
// again in namespaces of its own, where it has them.
package nsexec
