// Package interp runs NEScript: it checks a script, evaluates it, and has the
// engine of nsexec do what its verbs stand for.
//
// # Embedding
//
// An [Interp] is made by [New] with options: [Stdio], [Vars], [Params], [Args],
// [FS], [Dir], [Engine], [Verbs], [OnCall], [Trace]. [Interp.RunString] parses,
// checks and runs a script, [Interp.Check] only checks it, [Interp.Plan] writes
// down what it would do.
//
//	in, err := interp.New(interp.Vars(map[string]any{"mtu": 9000}))
//	if err != nil { … }
//	defer in.Close()
//	err = in.RunString(ctx, "lab.nes", `ns a b; veth a:eth0 b:eth0 up mtu $mtu`)
//
// # Errors
//
// A script that is wrong gives a [lang.Diagnostics] and has touched nothing. A
// statement that failed gives an [*Error] with its place and the way there; it
// unwraps to nsexec's errors and to the kernel's errno, so that
// errors.Is(err, unix.EPERM) says that privilege was missing. [Diagnose] turns
// either into what a person reads. What had been done before a failed statement
// stays.
//
// # Goroutines
//
// An Interp is used by one goroutine at a time, and outside of parallel
// statements it calls nothing from another. The items of a parallel statement
// run on as many goroutines as there are CPUs, all of which have ended when Run
// returns. They share the engine, the functions of [OnCall], the Compile of
// [Verbs] and the [FS]; what they write, [Trace] and [Progress] are told one at a
// time. A panic in one of them comes out of Run.
//
// # Namespaces
//
// Verbs act in the current namespace: at first the one that the program was
// started in, inside `in REF < … >` that one. The body of a def acts where its
// caller is. The engine enters namespaces on threads of its own; the caller's
// thread never changes its namespace.
package interp
