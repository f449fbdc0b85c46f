//go:build linux

package lab

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/journal"
)

// PartlyGone is the state of a lab that is up, but of which somebody has taken
// something away.
const PartlyGone journal.State = "partly gone"

// Lab is a lab, or a run that did not end or is under way.
type Lab struct {
	Name       string        `json:"name"`
	State      journal.State `json:"state"`
	Script     string        `json:"script"`
	PID        int           `json:"pid"` // of the process that ran it
	Started    time.Time     `json:"started"`
	Up         *time.Time    `json:"up,omitempty"` // since when
	Age        float64       `json:"age_seconds"`
	Namespaces int           `json:"namespaces"` // that it has made and that are there
	Links      int           `json:"links"`      // that it has made in older namespaces, and all in its own but lo
	Changes    int           `json:"changes"`    // that taking it down undoes
	Gone       []string      `json:"gone,omitempty"`
	Error      string        `json:"error,omitempty"` // why a damaged journal can't be read
	Journal    string        `json:"journal"`
}

// List returns all labs, sorted by name, those whose journal can't be read
// among them. The engine looks at what is there.
func List(ctx context.Context, dir journal.Dir, engine *nsexec.Engine) ([]Lab, error) {
	infos, err := Config{Dir: dir}.dir().List()
	if err != nil {
		return nil, err
	}
	in, err := interp.New(interp.Engine(engine))
	if err != nil {
		return nil, err
	}
	defer in.Close()
	labs := make([]Lab, 0, len(infos))
	for _, info := range infos {
		l := labOf(info)
		for _, e := range info.Entries {
			if err := l.look(ctx, in, engine, e.Line); err != nil {
				if ctx.Err() != nil {
					return nil, ctx.Err()
				}
				l.State, l.Error = journal.Damaged, err.Error()
				break
			}
		}
		if l.State == "up" && len(l.Gone) > 0 {
			l.State = PartlyGone
		}
		labs = append(labs, l)
	}
	return labs, nil
}

func labOf(info journal.Info) Lab {
	if info.Err != nil {
		return Lab{Name: info.Name, State: info.State, Journal: info.Path, Error: info.Err.Error()}
	}
	l := Lab{
		Name: info.Name, State: info.State, Script: info.Head.Script, PID: info.Head.PID,
		Started: info.Head.Started, Age: time.Since(info.Head.Started).Seconds(),
		Changes: len(info.Entries), Journal: info.Path,
	}
	if !info.UpSince.IsZero() {
		l.Up = &info.UpSince
	}
	return l
}

// look counts what a statement would take away, if it is there.
func (l *Lab) look(ctx context.Context, in *interp.Interp, engine *nsexec.Engine, line string) error {
	if !strings.Contains(line, "unmake ") {
		return nil
	}
	steps, err := in.Steps(ctx, line)
	if err != nil {
		return err
	}
	for _, s := range slices.Concat(steps...) {
		kind := nsexec.Makes(s.Action)
		if kind != "namespace" && kind != "link" {
			continue
		}
		there, err := engine.Present(ctx, s)
		if err != nil {
			return err
		}
		switch {
		case !there:
			l.Gone = append(l.Gone, gone(s.Action.String()))
		case kind == "link":
			l.Links++
		default:
			n, err := linksIn(ctx, engine, s)
			if err != nil {
				return err
			}
			l.Namespaces++
			l.Links += n
		}
	}
	return nil
}

// linksIn is how many links there are in a namespace but for its loopback.
func linksIn(ctx context.Context, engine *nsexec.Engine, s nsexec.Step) (n int, err error) {
	ref, ok := nsexec.Unmade(s.Action)
	if !ok {
		return 0, nil
	}
	err = engine.Look(ctx, ref, func(c *nsexec.Conn) error {
		links, err := nsexec.Links(c)
		n = max(len(links)-1, 0)
		return err
	})
	if nsexec.IsGone(err) {
		return 0, nil
	}
	return n, err
}

// gone is what a statement would have taken away, for people: `ns h1`.
func gone(statement string) string {
	words := strings.Fields(strings.TrimPrefix(statement, "unmake "))
	return strings.Join(words[:min(2, len(words))], " ")
}
