//go:build linux

package builtins_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/nsexec/nstest"
)

// TestReplace_older: a link that an earlier run has made is out of the way of one
// with the same identifier, port or ends, and back as it was if the run fails.
func TestReplace_older(t *testing.T) {
	for _, m := range makers {
		if m.needs == "" || m.verb == "link" || builtins.Lookup(m.verb).Group == builtins.Joining || !nstest.HasKind(t, m.verb) {
			continue
		}
		t.Run(m.verb, func(t *testing.T) {
			ns, err := runIn(t, fmt.Sprintf("%s k0 %s\n", m.verb, m.needs))
			if err != nil {
				t.Fatal(err)
			}
			defer drop(t, ns)
			before := linkShown(t, ns, "k0")
			_, err = run(t, fmt.Sprintf("in %s < del link k0; %s k9 %s; fail 'now' >", ns, m.verb, m.needs))
			if err == nil || !strings.Contains(err.Error(), "now") || strings.Contains(err.Error(), "not undone") {
				t.Fatalf("it failed with %v", err)
			}
			if after := linkShown(t, ns, "k0"); !maps.Equal(before, after) || linkShown(t, ns, "k9") != nil {
				t.Errorf("it was\n%v\nand is\n%v", before, after)
			}
			if _, err := run(t, fmt.Sprintf("in %s < replace %s k0 %s alias new >", ns, m.verb, m.needs)); err != nil {
				t.Fatal(err)
			}
			if alias := linkShown(t, ns, "k0")["ifalias"]; alias != "new" {
				t.Errorf("its alias is %q", alias)
			}
			see(t, "replace "+m.verb)
			made := linkShown(t, ns, "k0")["ifindex"]
			for _, stmt := range []string{"ensure %[1]s k0 %[2]s alias other", "del %[1]s k0"} {
				if _, err := run(t, fmt.Sprintf("in %s < "+fmt.Sprintf(stmt, m.verb, m.needs)+" >", ns)); err != nil {
					t.Fatal(err)
				}
				is := linkShown(t, ns, "k0")
				mod, _, _ := strings.Cut(stmt, " ")
				if mod == "del" && is != nil || mod == "ensure" && (is["ifindex"] != made || is["ifalias"] != "other") {
					t.Errorf("after %s it is %v", mod, is)
					continue
				}
				see(t, mod+" "+m.verb)
			}
		})
	}
}
