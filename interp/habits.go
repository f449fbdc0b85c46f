//go:build linux

package interp

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/lang"
)

// Who comes from shell scripts writes programs where a verb belongs, and the words
// of ip's commands in ip's order. The help for that is here.

// programHelp is for an unknown verb that is the name of a program of this machine.
func programHelp(name string) string {
	if strings.ContainsAny(name, "/$") {
		return ""
	}
	if _, err := exec.LookPath(name); err != nil {
		return ""
	}
	return fmt.Sprintf("exec %s … runs the program of that name; nescript help lists the verbs", name)
}

// ipWords are the words by which ip, bridge and tc say what to do with an object,
// and the modifier that stands before a verb instead.
var ipWords = map[string]string{
	"add": "", "set": "", "append": "", "create": "", "new": "",
	"del": "del", "delete": "del", "replace": "replace", "change": "replace", "flush": "flush",
}

// orderHelp is for a command that is wrong and starts as ip's would.
func orderHelp(spec *builtins.Spec, cmd *lang.Command) string {
	if cmd.Modifier != nil || len(cmd.Args) == 0 {
		return ""
	}
	word, ok := bareText(cmd.Args[0])
	if !ok {
		return ""
	}
	mod, known := ipWords[word]
	switch {
	case !known:
		return ""
	case mod == "":
		return fmt.Sprintf("%s takes no %q: %s", spec.Name, word, spec.ShortForm(0))
	case spec.Modifiers&modifiers[mod] == 0:
		return ""
	}
	return fmt.Sprintf("%s stands before the verb: %s", mod, spec.ShortForm(modifiers[mod]))
}

// conditions are what stands between expect and a check.
var conditions = []string{"fails", "not", "within"}

// conditionHelp is for a check that has behind it what belongs before.
func conditionHelp(cmd *lang.Command, arg int) string {
	if arg < 0 || arg >= len(cmd.Args) {
		return ""
	}
	if word, ok := bareText(cmd.Args[arg]); ok && slices.Contains(conditions, word) {
		return fmt.Sprintf("%s stands before the check: expect %[1]s … %s …", word, verbName(cmd.Verb))
	}
	return ""
}
