//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// interruptible returns a context that the first SIGINT or SIGTERM cancels, so
// that the action in hand is finished; the second ends the program at once. If
// the reader of the output goes away, that is an error of the write and not the
// end of the program: what is deferred must still run. The caller calls stop
// when it is done.
func (a *app) interruptible() (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals, done := make(chan os.Signal, 2), make(chan struct{})
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM} {
		if !signal.Ignored(s) { // as a shell has it for what runs in the background
			signal.Notify(signals, s)
		}
	}
	pipe := make(chan os.Signal, 1) // nobody looks: taking the signal is enough
	signal.Notify(pipe, syscall.SIGPIPE)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		select {
		case <-signals:
		case <-done:
			return
		}
		a.interrupted = true
		cancel()
		if isTerminal(a.err) {
			fmt.Fprintln(a.err, "stopping after the current action; once more stops at once")
		}
		select {
		case <-signals:
			os.Exit(exitInterrupted)
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		signal.Stop(pipe)
		close(done)
		<-ended
		cancel()
	}
}
