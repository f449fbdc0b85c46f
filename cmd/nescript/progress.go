//go:build linux

package main

import (
	"fmt"
	"io"
	"time"
)

// A run that takes longer than progressAfter shows how far it is, anew every
// progressEvery.
const (
	progressAfter = 500 * time.Millisecond
	progressEvery = 100 * time.Millisecond
)

// show keeps a line on the terminal that says how far the run is, until the
// caller calls stop, which erases it.
func (w *watch) show(terminal io.Writer) (stop func()) {
	w.erase = func() { io.WriteString(terminal, "\r\033[K") }
	start := time.Now()
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		next := time.After(progressAfter)
		for {
			select {
			case <-next:
				w.draw(terminal, time.Since(start))
				next = time.After(progressEvery)
			case <-done:
				return
			}
		}
	}()
	return func() {
		close(done)
		<-ended
		w.mu.Lock()
		defer w.mu.Unlock()
		w.hide()
	}
}

func (w *watch) draw(terminal io.Writer, elapsed time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.busy > 0 {
		return
	}
	fmt.Fprintf(terminal, "\r\033[K%s in %s, %s", plural(w.statements, "statement"),
		plural(len(w.namespaces), "namespace"), elapsed.Truncate(100*time.Millisecond))
	w.shown = true
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
