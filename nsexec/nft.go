//go:build linux

package nsexec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// NftConfig is a ruleset in the language of nft(8).
type NftConfig struct {
	Ruleset        string
	Stdout, Stderr io.Writer // for what it lists
}

// Nft has the program nft do a ruleset in the namespace, all of it or nothing.
// The program gets it on its standard input, and no shell sees it. It needs
// CAP_NET_ADMIN over the namespace.
func Nft(cfg NftConfig) NsAction { return nsAction("nft", nftOp{cfg}) }

type nftOp struct{ cfg NftConfig }

func (o nftOp) String() string { return "nft " + quote(strings.TrimSpace(o.cfg.Ruleset)) }

// prepare notes how all tables are. Once it is done, only those stay noted that
// it has changed: others may be somebody else's by the time that it is undone.
func (o nftOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	if u.owns(c.id) {
		return o, nil
	}
	tables, err := c.nftTables(ctx)
	if err != nil {
		return nil, err
	}
	all := &restoreNftOp{tables: tables, all: true}
	return notedNftOp{o, u, all}, u.note(ctx, c.cookieRef(), all)
}

func (o nftOp) act(ctx context.Context, c *Conn) error {
	if err := c.fault("request nft"); err != nil {
		return err
	}
	return c.nft(ctx, o.cfg, "-f", "-")
}

// notedNftOp is one that a note puts all tables back for.
type notedNftOp struct {
	nftOp
	u   *Undo
	all *restoreNftOp
}

func (o notedNftOp) act(ctx context.Context, c *Conn) error {
	if err := o.nftOp.act(ctx, c); err != nil {
		return err
	}
	has, err := c.nftTables(ctx)
	if err != nil {
		return err
	}
	if changed := o.all.tables.changed(has); len(changed) > 0 {
		if err := o.u.note(ctx, c.cookieRef(), restoreNftOp{tables: changed}); err != nil {
			return err
		}
	}
	o.u.drop(o.all)
	return nil
}

// drop forgets the note of an operation.
func (u *Undo) drop(op *restoreNftOp) {
	u.mu.Lock()
	i := slices.IndexFunc(u.notes, func(n *note) bool { return n.op == operation(op) })
	var n *note
	if i >= 0 {
		n = u.notes[i]
	}
	u.mu.Unlock()
	if n != nil {
		u.done(n)
	}
}

// nft runs the program in the namespace.
func (c *Conn) nft(ctx context.Context, cfg NftConfig, args ...string) error {
	program, err := nftProgram()
	if err != nil {
		return err
	}
	run := execOp{ExecConfig{Args: append([]string{program}, args...), Stdin: strings.NewReader(cfg.Ruleset), Stdout: cfg.Stdout, Stderr: cfg.Stderr}}
	err = inNamespace(c.nsfd, func(*thread) error { return run.act(ctx, c) })
	var exit *ExitError
	if errors.As(err, &exit) {
		exit.Cmd = "nft"
	}
	return err
}

// nftProgram finds nft, also where PATH has no folders of the administrator's.
func nftProgram() (string, error) {
	for _, name := range []string{"nft", "/usr/sbin/nft", "/sbin/nft"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no program \"nft\" (of the package nftables): %w", os.ErrNotExist)
}

// nftTables are tables as nft lists them, by what it calls them: "table ip nat".
// The text of one that is not there is empty.
type nftTables map[string]string

func (c *Conn) nftTables(ctx context.Context) (nftTables, error) {
	var out bytes.Buffer
	err := c.nft(ctx, NftConfig{Stdout: &out}, "list", "ruleset")
	return splitTables(out.String()), err
}

// splitTables takes apart what nft has listed.
func splitTables(listed string) nftTables {
	tables, name := nftTables{}, ""
	for line := range strings.Lines(listed) {
		if head, ok := strings.CutSuffix(strings.TrimRight(line, "\n"), " {"); ok && strings.HasPrefix(head, "table ") {
			name = head
		}
		if name != "" { // before it there are remarks
			tables[name] += line
		}
		if line == "}\n" {
			name = ""
		}
	}
	return tables
}

// nftState is what packets change of a ruleset.
var nftState = regexp.MustCompile(`packets \d+ bytes \d+| expires \w+|used \d+ \w+`)

// changed are the tables of t that another listing has not, or has otherwise,
// and those that only the other has.
func (t nftTables) changed(now nftTables) nftTables {
	out := nftTables{}
	for name, text := range t {
		if nftState.ReplaceAllString(text, "") != nftState.ReplaceAllString(now[name], "") {
			out[name] = text
		}
	}
	for name := range now {
		if _, had := t[name]; !had {
			out[name] = ""
		}
	}
	return out
}

// RestoreNft puts tables back as they were: each text is a table as nft lists it,
// or only its head, as "table ip nat", for one that is to be gone. With exact, there
// is to be no other table. Tables that are so are left alone.
func RestoreNft(tables []string, exact bool) (NsAction, error) {
	o := restoreNftOp{tables: nftTables{}, all: exact}
	for _, text := range tables {
		head, _, whole := strings.Cut(text, " {\n")
		if !whole {
			text = ""
		}
		if words := strings.Fields(head); len(words) != 3 || words[0] != "table" || strings.ContainsAny(head, "\n;{}") {
			return NsAction{}, fmt.Errorf("%q is no table, as %q is: %w", head, "table ip nat", unix.EINVAL)
		}
		o.tables[head] = text
	}
	return nsAction("restore-nft", o), nil
}

type restoreNftOp struct {
	tables nftTables
	all    bool
}

func (o restoreNftOp) String() string {
	text := o.summary()
	if len(o.tables) > 0 {
		text += " nftable"
	}
	for _, name := range slices.Sorted(maps.Keys(o.tables)) {
		whole := o.tables[name]
		if whole == "" {
			whole = name
		}
		text += " " + quote(whole)
	}
	return text
}

func (o restoreNftOp) summary() string {
	if o.all {
		return "restore nft ruleset exact"
	}
	return "restore nft " + quote(strings.Join(slices.Sorted(maps.Keys(o.tables)), ", "))
}

func (o restoreNftOp) act(ctx context.Context, c *Conn) error {
	now, err := c.nftTables(ctx)
	if err != nil {
		return err
	}
	if !o.all {
		maps.DeleteFunc(now, func(name, _ string) bool { _, meant := o.tables[name]; return !meant })
	}
	var script strings.Builder
	for name, text := range o.tables.changed(now) {
		// It may be there or not: to add it first is right in either case.
		if text != "" || now[name] != "" {
			fmt.Fprintf(&script, "add %s\ndelete %s\n%s", name, name, text)
		}
	}
	if script.Len() == 0 {
		return nil
	}
	return c.nft(ctx, NftConfig{Ruleset: script.String()}, "-f", "-")
}
