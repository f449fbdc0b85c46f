//go:build linux

package nsexec

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// restoreActions makes those filters again that got other actions than they had.
// Who asks for an action by its number gets what has it, whatever else he says of
// it, and the kernel lets go of an action only some time after its filter has gone
// (tcf_idr_check_alloc of net/sched/act_api.c, tcf_queue_work of cls_api.c).
func (c *Conn) restoreActions(want []message) error {
	want = slices.DeleteFunc(slices.Clone(want), func(m message) bool { return m.actions() == nil })
	const least, most = 5 * time.Millisecond, 320 * time.Millisecond
	for pause := least; len(want) > 0; pause *= 2 {
		wrong, err := c.otherActions(want)
		if err != nil || len(wrong) == 0 {
			return err
		}
		if pause > most {
			return fmt.Errorf("a filter of preference %d: what has the number of its action is another one", wrong[0].was.tcPref())
		}
		for _, w := range wrong {
			if err := c.removeTraffic(w.is); err != nil {
				return err
			}
		}
		time.Sleep(pause)
		for _, w := range wrong {
			if err := c.addTraffic(w.was); err != nil {
				return err
			}
		}
	}
	return nil
}

// changedFilter is a filter as it was and as it is.
type changedFilter struct{ was, is message }

// otherActions are those filters that are there with other actions.
func (c *Conn) otherActions(want []message) ([]changedFilter, error) {
	have := map[trafficPlace]traffic{}
	var wrong []changedFilter
	for _, m := range want {
		at := m.trafficPlace()
		if _, known := have[at]; !known {
			var err error
			if have[at], err = c.trafficAt(at); err != nil {
				return nil, err
			}
		}
		for _, h := range have[at].filtersLike(m) {
			same := sameFilter(m, h) || m.isU32() && sameFilter(m.inRootTable(), h)
			if same && h.actions() != nil && !bytes.Equal(h.actions(), m.actions()) {
				wrong = append(wrong, changedFilter{m, h})
			}
		}
	}
	return wrong, nil
}

// actions are a filter's, or nil.
func (m message) actions() []byte {
	attr := filterActs[m.attrs().text(nl.TCA_KIND)]
	if m.kind != unix.RTM_NEWTFILTER || attr == 0 {
		return nil
	}
	return m.attrs().nested(nl.TCA_OPTIONS).get(attr)
}
