//go:build linux

package nstest

import (
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// bridgeQuestions are those for bridge: one run for all, or one each where the
// kernel lacks what one of them asks for, which then fails.
var bridgeQuestions = sync.OnceValue(func() []question {
	var each []question
	all := question{program: []string{"bridge", "-j", "-d", "-batch", "-"}}
	lacks := false
	for _, q := range []struct{ answer, words string }{
		{"fdb", "fdb show"}, {"bvlan", "vlan show"}, {"vlantunnel", "vlan tunnelshow"}, {"mdb", "mdb show"},
	} {
		program := append([]string{"bridge", "-j", "-d"}, strings.Fields(q.words)...)
		each = append(each, question{program: program, answers: []string{q.answer}, lacking: true})
		all.batch, all.answers = append(all.batch, q.words), append(all.answers, q.answer)
		lacks = lacks || exec.Command(program[0], program[1:]...).Run() != nil
	}
	if lacks {
		return each
	}
	return []question{all}
})

// further are the questions that follow from the answers to the first ones.
func (v *view) further(sysctls string) []question {
	var out []question
	if len(v.queued) > 0 {
		q := question{program: []string{"tc", "-d", "-batch", "-"}, text: "traffic"}
		for _, dev := range slices.Compact(slices.Sorted(slices.Values(v.queued))) {
			for _, of := range []string{"class show dev %s", "filter show dev %s", "filter show dev %s ingress", "filter show dev %s egress"} {
				q.batch = append(q.batch, fmt.Sprintf(of, dev))
			}
		}
		out = append(out, q)
	}
	if v.wireguard {
		out = append(out, question{program: []string{"wg", "show", "all", "dump"}, text: "wireguard"})
	}
	if labels := platformLabels.FindStringSubmatch(sysctls); labels != nil && labels[1] != "0" {
		out = append(out, question{program: []string{"ip", "-M", "-j", "-d", "route", "show"}, answers: []string{"mpls"}})
	}
	return out
}

var platformLabels = regexp.MustCompile(`sysctl mpls/platform_labels = (\d+)`)

// notes what of the answers further is about.
func (v *view) notes(what string, o map[string]any) {
	switch what {
	case "link":
		info, _ := o["linkinfo"].(map[string]any)
		v.wireguard = v.wireguard || info["info_kind"] == "wireguard"
	case "qdisc":
		v.queued = append(v.queued, fmt.Sprint(o["dev"]))
	}
}

// noRuleset reports whether nft has nothing to say of the namespace of this
// thread, which is asked sooner than nft has started.
func noRuleset() bool {
	const getTable = unix.NFNL_SUBSYS_NFTABLES<<8 | unix.NFT_MSG_GETTABLE
	req := nl.NewNetlinkRequest(getTable, unix.NLM_F_DUMP)
	req.AddData(&nl.Nfgenmsg{NfgenFamily: unix.AF_UNSPEC, Version: nl.NFNETLINK_V0})
	tables, err := req.Execute(unix.NETLINK_NETFILTER, 0)
	return err == nil && len(tables) == 0
}

// noXfrm does so of IPsec.
func noXfrm() bool {
	policies, err := netlink.XfrmPolicyList(netlink.FAMILY_ALL)
	if err != nil || len(policies) > 0 {
		return false
	}
	states, err := netlink.XfrmStateList(netlink.FAMILY_ALL)
	return err == nil && len(states) == 0
}
