//go:build linux

package main

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/signal"
	"strings"
	"sync"
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
	signals chan os.Signal
	once    sync.Once
}

func newTerminalLines(a *app, in *interp.Interp) (*terminalLines, error) {
	tab := &completer{in: in}
	rl, err := readline.NewEx(&readline.Config{
		AutoComplete:           tab,
		DisableAutoSaveHistory: true, // history keeps its own file
		HistoryLimit:           historyLimit,
		Stdout:                 a.out,
		Stderr:                 a.err,
		// A stopped prompt would stop its parent too, which readline signals.
		FuncFilterInputRune: func(r rune) (rune, bool) { return r, r != readline.CharCtrlZ },
	})
	if err != nil {
		return nil, err
	}
	t := &terminalLines{rl: rl, tab: tab, history: openHistory(), signals: make(chan os.Signal, 1)}
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
				t.end()
			}
		}
	}()
}

func (t *terminalLines) read(prompt, before string) (string, error) {
	t.rl.SetPrompt(prompt)
	t.tab.before = before
	line, err := t.rl.Readline()
	switch {
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

func (t *terminalLines) end() { t.once.Do(func() { t.rl.Close() }) }

func (t *terminalLines) close() {
	signal.Stop(t.signals)
	close(t.signals)
	t.end()
	t.history.close()
}
