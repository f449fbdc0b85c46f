//go:build linux

package main

// statement is what help says of a statement with a form of its own.
type statement struct{ name, form, doc, example string }

// statements are the language's keywords, sorted; a test holds them against
// lang's.
var statements = []statement{
	{"atomic", "atomic < … >", "all of it or none", "atomic < up eth0; route default via 10.0.0.1 >"},
	{"def", "def NAME(a, b, c = 1) < … >", "a verb, or with return a function; parameters with a default are options", "def host(name, net, mtu = 1500) < ns $name >"},
	{"defer", "defer STATEMENT", "at the end of the enclosing block, however it ends", "defer del ns tmp"},
	{"expect", "expect [within D] [not] (E) | CHECK … | fails < … >", "a check; within polls until it holds", "expect within 3s ping from h1 10.0.0.2"},
	{"for", "for x in E < … >, for i, x in E < … >", "over a list, a range or a record", "for i in 1..3 < ns h$i >"},
	{"if", "if E < … > else if E < … > else < … >", "one block or another", `if exists("ns", "h1") < del ns h1 >`},
	{"in", "in REF… < … >, a REF being ns NAME…, pid N, thread PID TID, path FILE, docker NAME, podman NAME, new or host", "the block in a namespace, or in each of several", "in ns h1 < up lo >"},
	{"include", `include "FILE"`, "a file once, relative to the including one", `include "lib.nes"`},
	{"let", "let x = E", "a variable of this block; x = E assigns", "let net = 10.0.0.0/24"},
	{"parallel", "parallel < … >, parallel for … < … >", "the statements, or the iterations, at once", "parallel for i in 1..3 < ns h$i >"},
	{"param", `param x [= E] ["DOC"]`, "an input, given as x=v on the command line", `param hosts = 3 "how many hosts"`},
	{"retry", "retry [within D] [every D] < … >", "until it passes", "retry within 5s < exec true >"},
	{"return", "return [E]", "leaves a def, with its value as a function", "def twice(x) < return x * 2 >"},
	{"try", "try < … > catch e < … >", "an atomic block whose failure is caught: e.message e.code e.line", "try < up eth9 > catch e < print $e >"},
	{"undo", "undo < … >", "what undoes something that the language can't undo by itself", "undo < exec rm -f /tmp/x >"},
}
