//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// interruptible returns a context that the first SIGINT, SIGTERM or SIGHUP
// cancels, so that the action in hand is finished and all is undone; the second
// ends the undoing, too, so that what is left is told, and the third the program.
// If the reader of the output goes away, that is an error of the write and not the
// end of the program: what is deferred must still run. The caller calls stop
// when it is done.
func (a *app) interruptible() (ctx context.Context, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	impatient, giveUp := context.WithCancel(context.Background())
	a.impatient = impatient
	signals, done := make(chan os.Signal, 3), make(chan struct{})
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
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
			fmt.Fprintln(a.err, "stopping after the current action, and undoing; once more leaves the rest")
		}
		if !again(signals, done) {
			return
		}
		giveUp()
		if again(signals, done) {
			os.Exit(exitInterrupted)
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		signal.Stop(pipe)
		close(done)
		<-ended
		cancel()
		giveUp()
	}
}

// sameMoment is how soon after a signal another is the same one: timeout(1), and
// a terminal that goes, send it to the process and to its group.
const sameMoment = 300 * time.Millisecond

// again waits for another signal, and is false if none comes before done.
func again(signals <-chan os.Signal, done <-chan struct{}) bool {
	for since := time.Now(); ; {
		select {
		case <-signals:
			if time.Since(since) >= sameMoment {
				return true
			}
		case <-done:
			return false
		}
	}
}
