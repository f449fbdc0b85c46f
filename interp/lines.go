//go:build linux

package interp

import (
	"bytes"
	"io"
	"sync"
)

// streams are what the calls of a machine read from and write to.
type streams struct {
	in              io.Reader
	out, err, trace io.Writer
	lines           *lines // what out, err and trace go through; nil where nothing runs beside
}

// lines passes on what several items write at once, so that no two of them
// share a line. Its mutex is over all streams, which may be one terminal.
type lines struct {
	mu   sync.Mutex
	open *lineWriter // the one whose last line has not ended, if any
}

// streams are those of one item: whole lines to where those of the run go.
// Several could not share what the run reads from, so there is nothing to read.
func (l *lines) streams(in *Interp) streams {
	s := streams{out: &lineWriter{lines: l, to: in.stdout}, err: &lineWriter{lines: l, to: in.stderr}, lines: l}
	if in.trace != nil {
		s.trace = &lineWriter{lines: l, to: in.trace}
	}
	return s
}

// end passes on what was written and is no whole line.
func (s *streams) end() error {
	var errs []error
	for _, w := range []io.Writer{s.out, s.err, s.trace} {
		if w, ok := w.(*lineWriter); ok {
			errs = append(errs, w.end())
		}
	}
	return joined(errs)
}

// lineWriter passes on whole lines and keeps the beginning of one until it has
// its end, however long it gets.
type lineWriter struct {
	lines *lines
	to    io.Writer
	kept  []byte
}

func (w *lineWriter) Write(p []byte) (int, error) {
	w.lines.mu.Lock()
	defer w.lines.mu.Unlock()
	end := bytes.LastIndexByte(p, '\n') + 1
	if end > 0 {
		whole := p[:end]
		if len(w.kept) > 0 {
			whole = append(w.kept, whole...)
			w.kept = nil
		}
		if err := w.pass(whole); err != nil {
			return 0, err
		}
	}
	w.kept = append(w.kept, p[end:]...)
	return len(p), nil
}

func (w *lineWriter) end() error {
	w.lines.mu.Lock()
	defer w.lines.mu.Unlock()
	if len(w.kept) == 0 {
		return nil
	}
	rest := w.kept
	w.kept = nil
	return w.pass(rest)
}

// pass writes text, after the end of a line that another writer has left
// without one. The caller holds mu.
func (w *lineWriter) pass(text []byte) error {
	if open := w.lines.open; open != nil && open != w {
		if _, err := io.WriteString(open.to, "\n"); err != nil {
			return err
		}
	}
	w.lines.open = nil
	if text[len(text)-1] != '\n' {
		w.lines.open = w
	}
	_, err := w.to.Write(text)
	return err
}
