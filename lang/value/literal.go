package value

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ParseLiteral reads s as a literal of the language other than a string: an
// int, a float, an address, `10mbit`, `true` … A leading minus is taken too.
// It reports false where s is none.
func ParseLiteral(s string) (Value, bool) {
	if !maybeLiteral(s) {
		return nil, false
	}
	v, err := Literal(s)
	return v, err == nil
}

// maybeLiteral is false for most words that are no literal, and quick.
func maybeLiteral(s string) bool {
	if s == "" {
		return false
	}
	c := s[0]
	return isDigit(c) || c == '-' || s == "true" || s == "false" || s == "null" || strings.Count(s, ":") > 1
}

// Literal is ParseLiteral with an error that says what is wrong with s.
func Literal(s string) (Value, error) {
	switch s {
	case "null":
		return Null{}, nil
	case "true", "false":
		return Bool(s == "true"), nil
	}
	if addr, _, ok := strings.Cut(s, "/"); ok {
		return orError(ParsePrefix(s))(strings.ContainsAny(addr, ".:"), s)
	}
	if strings.Contains(s, ":") {
		return colonLiteral(s)
	}
	unsigned := strings.TrimPrefix(s, "-")
	number, suffix := splitNumber(unsigned)
	switch {
	case number == "":
		return nil, fmt.Errorf("%q is not a literal", s)
	case suffix == "":
		return plainNumber(s)
	case suffix[0] == '.':
		return orError(ParseIP(s))(true, s)
	case suffix == "%":
		return orError(ParsePercent(s))(true, s)
	case number == "0" && len(suffix) > 1 && strings.ContainsRune("xXoObB", rune(suffix[0])) && suffix != "bit" && suffix != "bps":
		return orError(ParseInt(s))(true, s)
	case suffix[0]|0x20 == 'e':
		return parseFloat(s)
	}
	return unitLiteral(s, suffix)
}

// orError turns the pair that a parser returns into a Value, which is nil
// where there is an error. Where the text is not even alike, the error is a
// general one.
func orError[T Value](v T, err error) func(alike bool, s string) (Value, error) {
	return func(alike bool, s string) (Value, error) {
		switch {
		case err == nil:
			return v, nil
		case !alike:
			return nil, fmt.Errorf("%q is not a literal", s)
		}
		return nil, err
	}
}

func colonLiteral(s string) (Value, error) {
	if len(s) == 17 {
		if m, err := ParseMAC(s); err == nil {
			return m, nil
		}
	}
	ip, err := ParseIP(s)
	if err == nil {
		return ip, nil
	}
	if strings.Contains(s, "::") || strings.Count(s, ":") >= 7 || strings.Contains(s, ".") {
		return nil, err
	}
	for _, g := range strings.Split(s, ":") {
		if len(g) > 2 {
			return nil, err
		}
	}
	return orError(ParseMAC(s))(true, s)
}

func plainNumber(s string) (Value, error) {
	if strings.Contains(s, ".") {
		return parseFloat(s)
	}
	return orError(ParseInt(s))(true, s)
}

func parseFloat(s string) (Value, error) {
	f, err := strconv.ParseFloat(s, 64)
	switch {
	case err == nil && !strings.ContainsAny(s, "_xXpP"):
		return Float(f), nil
	case errors.Is(err, strconv.ErrRange):
		return nil, fmt.Errorf("%s is more than a float can be", s)
	}
	return nil, fmt.Errorf("%q is not a number", s)
}

func unitLiteral(s, suffix string) (Value, error) {
	if _, ok := lookUnit(rateUnits, suffix); ok {
		return orError(ParseRate(s))(true, s)
	}
	if _, ok := lookUnit(sizeUnits, suffix); ok {
		return orError(ParseSize(s))(true, s)
	}
	d, err := ParseDuration(s)
	if err == nil {
		return d, nil
	}
	if _, ok := lookUnit(durationUnits, suffix); ok {
		return nil, err
	}
	return nil, fmt.Errorf("%q is not a unit in %q: times have ns us ms s m h d, rates bit kbit mbit gbit, sizes b kb mb gb", suffix, s)
}
