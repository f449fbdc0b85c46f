//go:build linux

package interp

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/nescript/nescript/lang/value"
)

var textFuncs = []*Function{
	{Name: "str", Params: []string{"X"}, Doc: "a value as text", Example: `str(10.0.0.1)`,
		pure: func(a *args) (value.Value, error) { return value.String(a.v[0].String()), nil }},
	{Name: "int", Params: []string{"X"}, Doc: "text or a number as an int; a fraction is cut off", Example: `int("0x1f")`, pure: toInt},
	{Name: "split", Params: []string{"TEXT", "[SEP]"}, Doc: "the pieces between SEP, or between blanks", Example: `split("a,b", ",")`, pure: split},
	{Name: "join", Params: []string{"LIST", "SEP"}, Doc: "a list's items as one text with SEP between them", Example: `join([1, 2], ",")`, pure: join},
	{Name: "format", Params: []string{"FORMAT", "X…"}, Doc: "text by a format, with %s %d %x %o %b %f %q %v and widths", Example: `format("%02x", 10)`, pure: format},
	{Name: "upper", Params: []string{"TEXT"}, Doc: "in upper case", Example: `upper("a")`,
		pure: func(a *args) (value.Value, error) { return value.String(strings.ToUpper(a.str(0))), nil }},
	{Name: "lower", Params: []string{"TEXT"}, Doc: "in lower case", Example: `lower("A")`,
		pure: func(a *args) (value.Value, error) { return value.String(strings.ToLower(a.str(0))), nil }},
	{Name: "json", Params: []string{"TEXT"}, Doc: "what JSON text stands for", Example: `json("[1, 2]")`, pure: fromJSON},
}

func toInt(a *args) (value.Value, error) {
	switch v := a.v[0].(type) {
	case value.Int:
		return v, nil
	case value.Float:
		if math.IsNaN(float64(v)) || float64(v) >= math.MaxInt64 || float64(v) < math.MinInt64 {
			return nil, value.ErrOverflow
		}
		return value.Int(v), nil
	case value.Bool:
		if v {
			return value.Int(1), nil
		}
		return value.Int(0), nil
	case value.String:
		n, err := value.ParseInt(strings.TrimSpace(string(v)))
		if err != nil {
			return nil, &argError{arg: 0, err: err}
		}
		return value.Int(n), nil
	}
	a.wrong(0, "text or a number")
	return nil, nil
}

func split(a *args) (value.Value, error) {
	text := a.str(0)
	var parts []string
	if a.len() == 2 {
		parts = strings.Split(text, a.str(1))
	} else {
		parts = strings.Fields(text)
	}
	list := make(value.List, len(parts))
	for i, p := range parts {
		list[i] = value.String(p)
	}
	return list, nil
}

func join(a *args) (value.Value, error) {
	var b strings.Builder
	sep := a.str(1)
	for i, v := range a.list(0) {
		if i > 0 {
			b.WriteString(sep)
		}
		b.WriteString(v.String())
	}
	return value.String(b.String()), nil
}

// maxWidth bounds the widths that format takes, so that no script fills the
// memory with blanks.
const maxWidth = 1000

// format is fmt.Sprintf with the language's values, and with errors in place
// of its marks in the text.
func format(a *args) (value.Value, error) {
	text := a.str(0)
	var b strings.Builder
	next := 1
	for {
		before, rest, found := strings.Cut(text, "%")
		b.WriteString(before)
		if !found {
			break
		}
		end := strings.IndexFunc(rest, func(r rune) bool { return !strings.ContainsRune("+-# 0123456789.", r) })
		if end < 0 {
			return nil, fmt.Errorf("format: %q ends in the middle of a %%", a.str(0))
		}
		verb := rest[end]
		if verb == '%' {
			b.WriteByte('%')
		} else {
			if next >= a.len() {
				return nil, fmt.Errorf("format: nothing is left for %q", "%"+rest[:end+1])
			}
			s, err := formatOne(rest[:end], verb, a.v[next])
			if err != nil {
				return nil, &argError{arg: next, err: err}
			}
			b.WriteString(s)
			next++
		}
		text = rest[end+1:]
	}
	if next < a.len() {
		return nil, &argError{arg: next, err: fmt.Errorf("format: %q has no place for this", a.str(0))}
	}
	return value.String(b.String()), nil
}

func formatOne(flags string, verb byte, v value.Value) (string, error) {
	spec := "%" + flags + string(verb)
	for n := range strings.FieldsFuncSeq(flags, func(r rune) bool { return r < '0' || r > '9' }) {
		if len(n) > 4 || (len(n) == 4 && n > "1000") {
			return "", fmt.Errorf("format: %q is wider than %d", spec, maxWidth)
		}
	}
	switch verb {
	case 's', 'v', 'q':
		return fmt.Sprintf("%"+flags+string(verb), text(v)), nil
	case 'd', 'o', 'b', 'c', 'x', 'X':
		if n, ok := v.(value.Int); ok {
			return fmt.Sprintf(spec, int64(n)), nil
		}
		if s, ok := v.(value.String); ok && (verb == 'x' || verb == 'X') {
			return fmt.Sprintf(spec, string(s)), nil
		}
		return "", fmt.Errorf("format: %q is for an int, this is %s", spec, describe(v))
	case 'f', 'g', 'e':
		if n, ok := number(v); ok && scalar(v) {
			return fmt.Sprintf(spec, n), nil
		}
		return "", fmt.Errorf("format: %q is for a number, this is %s", spec, describe(v))
	}
	return "", fmt.Errorf("format: %q is unknown", spec)
}

// text is a value as fmt's %s and %v want it.
func text(v value.Value) string { return v.String() }

func fromJSON(a *args) (value.Value, error) {
	dec := json.NewDecoder(strings.NewReader(a.str(0)))
	dec.UseNumber()
	v, err := decodeJSON(dec)
	if err == nil {
		if _, more := dec.Token(); more != io.EOF {
			err = fmt.Errorf("something follows the value")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("json: %w", jsonError(err))
	}
	return v, nil
}

func jsonError(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("the text ends too soon")
	}
	return err
}

// decodeJSON reads one value, the keys of its objects in their own order.
func decodeJSON(dec *json.Decoder) (value.Value, error) {
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch tok := tok.(type) {
	case json.Delim:
		if tok == '[' {
			return decodeArray(dec)
		}
		return decodeObject(dec)
	case json.Number:
		return jsonNumber(tok)
	}
	return fromGo(tok)
}

func jsonNumber(n json.Number) (value.Value, error) {
	if i, err := n.Int64(); err == nil {
		return value.Int(i), nil
	}
	f, err := n.Float64()
	return value.Float(f), err
}

func decodeArray(dec *json.Decoder) (value.Value, error) {
	list := value.List{}
	for dec.More() {
		v, err := decodeJSON(dec)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := dec.Token()
	return list, err
}

func decodeObject(dec *json.Decoder) (value.Value, error) {
	rec := value.NewRecord()
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, err
		}
		v, err := decodeJSON(dec)
		if err != nil {
			return nil, err
		}
		rec.Set(key.(string), v)
	}
	_, err := dec.Token()
	return rec, err
}
