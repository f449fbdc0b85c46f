//go:build linux

package nsexec

import (
	"time"

	"golang.org/x/sys/unix"
)

// sweeper knows when to look for names that have gone.
type sweeper struct {
	last    time.Time     // it looked
	took    time.Duration // the last look
	changed unix.Timespec // what it saw then: when a name last came or went
	sure    bool          // no change since can have gone unseen
}

// sweepEvery is how often to look, and how long a change may hide behind
// another: the time of a folder's change is kept in steps of up to 10 ms.
const sweepEvery = 20 * time.Millisecond

// sweepShare is what part of the time looking may take: with thousands of names
// a look takes milliseconds.
const sweepShare = 20

// due reports whether names may have gone since it was last asked.
func (s *sweeper) due() bool {
	now := time.Now()
	if now.Sub(s.last) < max(sweepEvery, sweepShare*s.took) {
		return false
	}
	s.last = now
	var st unix.Stat_t
	_ = unix.Stat(DefaultMountPath, &st) // no folder, no names
	if st.Mtim == s.changed && s.sure {
		return false
	}
	s.changed, s.sure = st.Mtim, now.Sub(time.Unix(st.Mtim.Unix())) > sweepEvery
	return true
}

// sweep closes the connections to named namespaces that other programs have
// deleted, since they keep alive what should be gone. Whether a name that is
// used is still the same namespace does not depend on it: see current.
func (p *pool) sweep() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.sweeper.due() {
		return
	}
	for _, pc := range p.conns {
		if pc.ref.Kind == RefName && !pc.current() {
			p.remove(pc)
		}
	}
	p.sweeper.took = time.Since(p.sweeper.last)
}
