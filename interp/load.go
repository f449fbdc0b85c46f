//go:build linux

package interp

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/nescript/nescript/lang"
)

// program is a script with all that it includes, ready to run.
type program struct {
	main     *lang.File
	files    []*lang.File // in the order that they start in
	includes map[*lang.Include]*lang.File
	defs     map[string]*defn
	old      map[string]*defn // of earlier runs of the same Interp
	unread   bool             // some include could not be read
	needs    []need           // what statements that are sure to run need of the kernel
}

// def finds a def of this program or of an earlier one.
func (p *program) def(name string) *defn {
	if d, ok := p.defs[name]; ok {
		return d
	}
	return p.old[name]
}

// loader reads a script's includes. A file is read once however often it is
// included; one that includes itself, over however many others, is an error.
type loader struct {
	in    *Interp
	prog  *program
	diags lang.Diagnostics
	seen  map[string]*lang.File
	stack []string // the files that are being read, outermost first
}

// load reads what f includes.
func (in *Interp) load(f *lang.File) (*program, lang.Diagnostics) {
	l := &loader{
		in:   in,
		prog: &program{main: f, includes: map[*lang.Include]*lang.File{}, defs: map[string]*defn{}, old: in.defs},
		seen: map[string]*lang.File{},
	}
	l.file(f, in.filePath(f.Name))
	return l.prog, l.diags
}

func (l *loader) file(f *lang.File, name string) {
	l.prog.files = append(l.prog.files, f)
	l.seen[name] = f
	l.stack = append(l.stack, name)
	for _, s := range f.Body.Stmts {
		if inc, ok := s.(*lang.Include); ok {
			l.include(f, inc)
		}
	}
	l.stack = l.stack[:len(l.stack)-1]
}

func (l *loader) include(f *lang.File, inc *lang.Include) {
	lit, ok := literal(inc.Path)
	if !ok {
		l.prog.unread = true
		l.bad(f, inc.Path, "a file is included by its fixed name", "put conditions and variables into the file itself")
		return
	}
	name := l.in.sourcePath(f, lit.Value.String())
	for _, open := range l.stack {
		if open == name {
			l.bad(f, inc.Path, fmt.Sprintf("%q includes itself", path.Base(name)), l.circle(name))
			return
		}
	}
	if got, ok := l.seen[name]; ok {
		l.prog.includes[inc] = got
		return
	}
	src, err := fs.ReadFile(l.in.files, name)
	if err != nil {
		l.prog.unread = true
		l.bad(f, inc.Path, fmt.Sprintf("can't read %q: %v", name, bareError(err)), "")
		return
	}
	got, err := lang.Parse(name, src)
	var diags lang.Diagnostics
	if errors.As(err, &diags) {
		l.diags = append(l.diags, diags...)
	}
	if got != nil && got.Body != nil {
		l.prog.includes[inc] = got
		l.file(got, name)
	}
}

// circle says over which files a file comes back to itself.
func (l *loader) circle(name string) string {
	if len(l.stack) == 1 {
		return ""
	}
	way := ""
	on := false
	for _, f := range l.stack {
		if on = on || f == name; on {
			way += path.Base(f) + " → "
		}
	}
	return "the circle is " + way + path.Base(name)
}

func (l *loader) bad(f *lang.File, n lang.Node, msg, help string) {
	l.diags = append(l.diags, diagnostic(f, n, msg, help))
}

// bareError is an error without the path that fs puts before it.
func bareError(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// sourcePath is where a script's name for a file leads: from the script's own
// folder.
func (in *Interp) sourcePath(from *lang.File, name string) string {
	if !path.IsAbs(name) {
		name = path.Join(path.Dir(from.Name), name)
	}
	return in.filePath(name)
}

// scriptFiles are the files that a script names.
type scriptFiles struct {
	in     *Interp
	script *lang.File
}

// Path is where a name leads from the script's folder.
func (f scriptFiles) Path(name string) string { return f.in.sourcePath(f.script, name) }

// ReadFile reads the file of a name.
func (f scriptFiles) ReadFile(name string) ([]byte, error) {
	data, err := fs.ReadFile(f.in.files, f.Path(name))
	return data, bareError(err)
}

// filePath is a name as it is looked up: on the machine, below Dir.
func (in *Interp) filePath(name string) string {
	if _, real := in.files.(hostFS); real && in.dir != "" && !path.IsAbs(name) {
		return path.Join(filepath.ToSlash(in.dir), name)
	}
	return path.Clean(name)
}

// hostFS is the machine's own files, by any path that the system takes: unlike
// os.DirFS, absolute ones and ones with dots too.
type hostFS struct{}

func (hostFS) Open(name string) (fs.File, error) { return os.Open(filepath.FromSlash(name)) }
