//go:build linux

package interp

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/lang/value"
)

// param checks a `param` statement against what was given for it.
func (c *checker) param(s *lang.Param) {
	name := s.Name.Name
	val := static{}
	if s.Default != nil {
		val = c.expr(s.Default)
	}
	if old, ok := c.params[name]; ok && old != s {
		c.bad(s.Name, "param %q stands twice", name)
		return
	}
	c.params[name] = s
	text, given := c.in.params[name]
	switch {
	case given:
		v, err := readParam(text, val.v)
		if err != nil {
			c.bad(s.Name, "%s=%s: %v", name, text, err)
		}
		val = static{v: v}
	case s.Default == nil && c.toRun:
		d := c.bad(s, "param %q has no default, so it must be given", name)
		d.Help = append(d.Help, fmt.Sprintf("%s=… after the script's name gives it", name))
	}
	c.let(s.Name, val)
}

// givenParams reports what was given for params that there are not. A param of
// an earlier run of the same Interp is not missed.
func (c *checker) givenParams() {
	for _, name := range slices.Sorted(maps.Keys(c.in.params)) {
		if c.params[name] != nil || c.in.knownParams[name] {
			continue
		}
		d := &lang.Diagnostic{File: c.prog.main, Message: fmt.Sprintf("the script has no param %q", name)}
		have := slices.Sorted(maps.Keys(c.params))
		near(d, name, have)
		if len(d.Help) == 0 && len(have) > 0 {
			d.Help = append(d.Help, "its params are "+listOf(have))
		}
		c.diags = append(c.diags, d)
	}
}

// readParam reads what was given for a param as the type of its default. A nil
// default says nothing of the type.
func readParam(text string, def value.Value) (value.Value, error) {
	switch def := def.(type) {
	case nil, value.Null:
		if v, ok := value.ParseLiteral(text); ok {
			return v, nil
		}
		return value.String(text), nil
	case value.String:
		return value.String(text), nil
	case value.Bool:
		b, err := value.ParseBool(text)
		return value.Bool(b), err
	case value.Int:
		n, err := value.ParseInt(text)
		return value.Int(n), err
	case value.List:
		return readList(text, def)
	case *value.Record:
		v, err := functionByName["json"].call([]value.Value{value.String(text)})
		if err == nil && v.Kind() != value.KindRecord {
			err = fmt.Errorf("this is %s, a record is needed, as JSON", describe(v))
		}
		return v, err
	}
	return readKind(text, def.Kind())
}

// readList reads `a,b,c`, each item as the type of the default's first one.
func readList(text string, def value.List) (value.Value, error) {
	out := value.List{}
	if text == "" {
		return out, nil
	}
	var first value.Value
	if len(def) > 0 {
		first = def[0]
	}
	items, err := functionByName["split"].call([]value.Value{value.String(text), value.String(",")})
	if err != nil {
		return nil, err
	}
	for _, item := range items.(value.List) {
		v, err := readParam(item.String(), first)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// readKind reads text as a value of one kind, with that kind's own message.
func readKind(text string, kind value.Kind) (value.Value, error) {
	var err error
	switch kind {
	case value.KindDuration:
		d, err := value.ParseDuration(text)
		return value.Duration(d), err
	case value.KindRate:
		r, err := value.ParseRate(text)
		return value.Rate(r), err
	case value.KindSize:
		s, err := value.ParseSize(text)
		return value.Size(s), err
	case value.KindIP:
		_, err = value.ParseIP(text)
	case value.KindPrefix:
		_, err = value.ParsePrefix(text)
	case value.KindMAC:
		_, err = value.ParseMAC(text)
	case value.KindFloat:
		if n, err := value.ParseInt(text); err == nil {
			return value.Float(n), nil
		}
	case value.KindRange:
		return readRange(text)
	}
	if err != nil {
		return nil, err
	}
	if v, ok := value.ParseLiteral(text); ok && v.Kind() == kind {
		return v, nil
	}
	return nil, fmt.Errorf("%q is not %s", text, article(kind.String()))
}

// readRange reads `1..10`.
func readRange(text string) (value.Value, error) {
	first, last, ok := strings.Cut(text, "..")
	if !ok {
		return nil, fmt.Errorf("%q is not a range such as 1..10", text)
	}
	a, err := value.ParseInt(first)
	if err != nil {
		return nil, err
	}
	b, err := value.ParseInt(last)
	return value.Range{First: int64(a), Last: int64(b)}, err
}
