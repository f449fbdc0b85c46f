//go:build linux

package nsexec

// unseen finds, step by step, which namespaces of a Run can have their names
// before it is their turn, so that nothing in the Run can tell. That is so as long
// as all steps are operations that only look at what they are about, and as no
// step before has named the namespace: that one is to fail.
type unseen struct {
	over bool // a step may look at anything
	seen map[string]bool
}

// passes takes note of the next step, and reports whether the namespace that it
// makes, if it makes one, may be there early.
func (u *unseen) passes(s *Step) bool {
	if u.over {
		return false
	}
	if op, ok := plainNewNS(s); ok {
		return !u.meets(Named(op.name))
	}
	op := operationOf(s.Action)
	u.over = !namesStay(op)
	u.meets(s.NS)
	if link, ok := op.(*newLinkOp); ok && link.cfg.Peer != nil {
		u.meets(link.cfg.Peer.NS)
	}
	return false
}

// meets takes note of a namespace, and reports whether it was met before. One
// that is not known by its name may be any.
func (u *unseen) meets(ref Ref) bool {
	switch ref.Kind {
	case RefHost, RefAnonymous:
		return false
	case RefName:
		if u.seen == nil {
			u.seen = map[string]bool{}
		}
		had := u.seen[ref.Name]
		u.seen[ref.Name] = true
		return had
	}
	u.over = true
	return true
}
