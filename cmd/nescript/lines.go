//go:build linux

package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/chzyer/readline"

	"github.com/nescript/nescript/interp"
)

// plainLines reads statements that no person types.
type plainLines struct{ r *bufio.Reader }

func newPlainLines(r io.Reader) *plainLines { return &plainLines{bufio.NewReader(r)} }

func (p *plainLines) read(string, string) (string, error) {
	line, err := p.r.ReadString('\n')
	if line != "" && errors.Is(err, io.EOF) {
		err = nil
	}
	return strings.TrimSuffix(line, "\n"), err
}

// terminalLines reads from a terminal, with a history.
type terminalLines struct {
	rl      *readline.Instance
	tab     *completer
	history *history
	input   *keys
	signals chan os.Signal
}

func newTerminalLines(a *app, in *interp.Interp) (*terminalLines, error) {
	t := &terminalLines{
		tab:     &completer{in: in},
		history: openHistory(),
		input:   newKeys(a.in),
		signals: make(chan os.Signal, 1),
	}
	rl, err := readline.NewEx(&readline.Config{
		AutoComplete:           t.tab,
		DisableAutoSaveHistory: true, // history keeps its own file
		HistoryLimit:           historyLimit,
		Stdin:                  t.input,
		Stdout:                 a.out,
		Stderr:                 a.err,
		// A stopped prompt would stop its parent too, which readline signals.
		FuncFilterInputRune: func(r rune) (rune, bool) { return r, r != readline.CharCtrlZ },
	})
	if err != nil {
		return nil, err
	}
	t.rl = rl
	for _, line := range t.history.lines {
		rl.SaveHistory(line)
	}
	t.leaveOnSignals()
	return t, nil
}

// leaveOnSignals has a SIGTERM or SIGHUP end the reading, so that the terminal
// is left as it was found. SIGINT at the prompt does nothing.
func (t *terminalLines) leaveOnSignals() {
	signal.Notify(t.signals, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT)
	go func() {
		for s := range t.signals {
			if s != syscall.SIGINT {
				t.input.Close()
			}
		}
	}()
}

func (t *terminalLines) read(prompt, before string) (string, error) {
	t.rl.SetPrompt(prompt)
	t.tab.before = before
	line, err := t.rl.Readline()
	switch {
	case t.input.ended.Load(): // readline takes what had been typed for a line
		return "", io.EOF
	case errors.Is(err, readline.ErrInterrupt):
		return "", errCleared
	case err != nil:
		return "", err
	}
	if strings.TrimSpace(line) != "" {
		t.rl.SaveHistory(line)
		t.history.add(line)
	}
	return line, nil
}

func (t *terminalLines) close() {
	signal.Stop(t.signals)
	close(t.signals)
	t.input.Close() // readline waits for its reader, which it does not end
	t.rl.Close()
	t.history.close()
}

// keys is what is typed. Close ends a Read that is under way.
type keys struct {
	*readline.CancelableStdin
	ended atomic.Bool // there are no more
}

func newKeys(r io.Reader) *keys { return &keys{CancelableStdin: readline.NewCancelableStdin(r)} }

func (k *keys) Read(p []byte) (int, error) {
	n, err := k.CancelableStdin.Read(p)
	if err != nil {
		k.ended.Store(true)
	}
	return n, err
}
