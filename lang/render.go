package lang

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The parts of a rendered diagnostic that a terminal shows in colour.
const (
	inRed    = "\x1b[1;31m"
	inYellow = "\x1b[1;33m"
	inBlue   = "\x1b[1;34m"
	inBold   = "\x1b[1m"
	plainly  = "\x1b[0m"
)

// Render writes the diagnostic for a person: the message, the place, the line
// of the source with what is meant underlined, and the help. color adds the
// escapes that a terminal takes.
func (d *Diagnostic) Render(w io.Writer, color bool) error {
	r := renderer{color: color}
	severity := inRed
	if d.Severity == SeverityWarning {
		severity = inYellow
	}
	r.paint(severity, d.Severity.String())
	r.paint(inBold, ": "+clean(d.Message))
	r.out.WriteByte('\n')
	r.width = 1
	if d.Start.IsValid() {
		r.width = len(strconv.Itoa(int(d.Start.Line)))
	}
	if d.File != nil {
		r.gutter(" -->", " "+place(d.File.Name, d.Start))
		if d.Start.IsValid() && d.File.Source != nil {
			r.excerpt(d)
		}
	}
	for _, h := range d.Help {
		r.note("help: ", h)
	}
	for _, n := range d.Notes {
		r.note("note: ", n)
	}
	for _, f := range d.Trace {
		r.note("", f.String())
	}
	_, err := w.Write(r.out.Bytes())
	return err
}

type renderer struct {
	out   bytes.Buffer
	color bool
	width int // of the line's number
}

func (r *renderer) paint(colour, text string) {
	if r.color {
		text = colour + text + plainly
	}
	r.out.WriteString(text)
}

// gutter writes a line that stands beside no line of the source: mark, as far
// right as the line's number goes, and text.
func (r *renderer) gutter(mark, text string) {
	r.paint(inBlue, strings.Repeat(" ", r.width)+mark)
	r.out.WriteString(text + "\n")
}

// note writes a help or a note; its further lines stand under the first.
func (r *renderer) note(kind, text string) {
	indent := "\n" + strings.Repeat(" ", r.width+4+len(kind))
	r.gutter("  = ", kind+strings.ReplaceAll(clean(strings.TrimSpace(text)), "\n", indent))
}

// excerpt writes the line where d starts, and the underline.
func (r *renderer) excerpt(d *Diagnostic) {
	line := sourceLine(d.File.Source, d.Start)
	from := int(d.Start.Col) - 1
	to := utf8.RuneCountInString(line)
	if d.End.Line == d.Start.Line {
		to = int(d.End.Col) - 1
	}
	text, blank, carets := window([]rune(line), from, max(to, from+1))
	label := ""
	if d.Label != "" {
		label = " " + clean(d.Label)
	}
	r.gutter("  |", "")
	r.paint(inBlue, fmt.Sprintf(" %d |", d.Start.Line))
	r.out.WriteString(strings.TrimRight(" "+text, " ") + "\n")
	r.paint(inBlue, strings.Repeat(" ", r.width+2)+"|")
	r.out.WriteString(" " + strings.Repeat(" ", blank))
	colour := inRed
	if d.Severity == SeverityWarning {
		colour = inYellow
	}
	r.paint(colour, strings.Repeat("^", carets)+label)
	r.out.WriteByte('\n')
}

// sourceLine is the line of src that p is on.
func sourceLine(src []byte, p Pos) string {
	at := min(int(p.Offset), len(src))
	start := bytes.LastIndexByte(src[:at], '\n') + 1
	line := src[start:]
	if end := bytes.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	return string(bytes.TrimPrefix(bytes.TrimSuffix(line, []byte("\r")), []byte(bom)))
}

// maxExcerpt is how many columns of a line are shown.
const maxExcerpt = 100

// window is the part of line around its runes from to to that is shown, how
// many columns of it come before them, and how many they take.
func window(line []rune, from, to int) (text string, before, under int) {
	from = min(from, len(line))
	first, last := 0, len(line)
	if columns(line) > maxExcerpt {
		first = max(0, from-maxExcerpt/3)
		for last > min(to, first+maxExcerpt) && columns(line[first:last]) > maxExcerpt {
			last--
		}
		for last > from+1 && columns(line[first:last]) > maxExcerpt {
			last--
		}
	}
	var b strings.Builder
	if first > 0 {
		b.WriteString("…")
		before = 1
	}
	for i := first; i < last; i++ {
		shown := show(line[i])
		b.WriteString(shown)
		switch n := columns([]rune(shown)); {
		case i < from:
			before += n
		case i < to:
			under += n
		}
	}
	if last < len(line) {
		b.WriteString("…")
	}
	return b.String(), before, max(under, 1)
}

// show is a rune of the source as a terminal can show it.
func show(r rune) string {
	switch {
	case r == '\t':
		return "    "
	case r != utf8.RuneError && (unicode.IsGraphic(r) || unicode.Is(unicode.Mn, r)):
		return string(r)
	}
	return "\uFFFD"
}

// columns is how many columns a terminal gives to runes.
func columns(runes []rune) int {
	n := 0
	for _, r := range runes {
		switch {
		case r == '\t':
			n += 4
		case r < 0x300:
			n++
		case unicode.In(r, unicode.Mn, unicode.Me):
		case wide(r):
			n += 2
		default:
			n++
		}
	}
	return n
}

// wide reports whether a terminal gives r two columns (Unicode's annex 11).
func wide(r rune) bool {
	switch {
	case r < 0x1100:
		return false
	case r <= 0x115f, 0x2e80 <= r && r <= 0xa4cf, 0xac00 <= r && r <= 0xd7a3, 0xf900 <= r && r <= 0xfaff,
		0xfe30 <= r && r <= 0xfe6f, 0xff00 <= r && r <= 0xff60, 0xffe0 <= r && r <= 0xffe6,
		0x1f300 <= r && r <= 0x1faff, 0x20000 <= r && r <= 0x3fffd:
		return true
	}
	return false
}

// clean is text without what could upset a terminal.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t':
			return ' '
		case unicode.IsControl(r):
			return utf8.RuneError
		}
		return r
	}, text)
}
