//go:build linux

package interp

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/nescript/nescript/lang/value"
)

func add(x, y value.Value) (value.Value, error) {
	switch a := x.(type) {
	case value.String:
		if b, ok := y.(value.String); ok {
			return a + b, nil
		}
	case value.List:
		if b, ok := y.(value.List); ok {
			return append(a[:len(a):len(a)], b...), nil
		}
	case value.IP:
		if b, ok := y.(value.Int); ok {
			return a.Add(int64(b))
		}
	case value.MAC:
		if b, ok := y.(value.Int); ok {
			return a.Add(int64(b))
		}
	}
	if v, err, ok := arith("+", x, y); ok {
		return v, err
	}
	return nil, mismatch("+", x, y)
}

func sub(x, y value.Value) (value.Value, error) {
	switch a := x.(type) {
	case value.IP:
		switch b := y.(type) {
		case value.Int:
			if b == math.MinInt64 {
				return nil, value.ErrOverflow
			}
			return a.Add(-int64(b))
		case value.IP:
			return a.Sub(b)
		}
	case value.MAC:
		switch b := y.(type) {
		case value.Int:
			return a.Add(-int64(b))
		case value.MAC:
			return value.Int(a.Number() - b.Number()), nil
		}
	}
	if v, err, ok := arith("-", x, y); ok {
		return v, err
	}
	return nil, mismatch("-", x, y)
}

func mul(x, y value.Value) (value.Value, error) {
	if v, err, ok := arith("*", x, y); ok {
		return v, err
	}
	if scalar(x) && quantity(y) {
		x, y = y, x
	}
	if quantity(x) && scalar(y) {
		return scale(x, y, true)
	}
	return nil, mismatch("*", x, y)
}

func div(x, y value.Value) (value.Value, error) {
	if isZero(y) {
		return nil, fmt.Errorf("division by zero")
	}
	if v, err, ok := arith("/", x, y); ok {
		return v, err
	}
	if quantity(x) && x.Kind() == y.Kind() {
		a, _ := number(x)
		b, _ := number(y)
		return value.Float(a / b), nil
	}
	if quantity(x) && scalar(y) {
		return scale(x, y, false)
	}
	return nil, mismatch("/", x, y)
}

func mod(x, y value.Value) (value.Value, error) {
	a, ok := x.(value.Int)
	b, ok2 := y.(value.Int)
	switch {
	case !ok || !ok2:
		return nil, mismatch("%", x, y)
	case b == 0:
		return nil, fmt.Errorf("division by zero")
	case b == -1:
		return value.Int(0), nil
	}
	return a % b, nil
}

// arith does the operators between two numbers, and + and - between two
// quantities of one type. It reports ok=false where it does not apply.
func arith(op string, x, y value.Value) (v value.Value, err error, ok bool) {
	if a, isInt := x.(value.Int); isInt {
		if b, isInt := y.(value.Int); isInt {
			n, err := intOp(op, int64(a), int64(b))
			return value.Int(n), err, true
		}
	}
	if scalar(x) && scalar(y) {
		a, _ := number(x)
		b, _ := number(y)
		return value.Float(floatOp(op, a, b)), nil, true
	}
	if x.Kind() != y.Kind() || (op != "+" && op != "-") {
		return nil, nil, false
	}
	switch a := x.(type) {
	case value.Duration:
		n, err := intOp(op, int64(a), int64(y.(value.Duration)))
		return value.Duration(n), err, true
	case value.Rate:
		n, err := uintOp(op, uint64(a), uint64(y.(value.Rate)))
		return value.Rate(n), err, true
	case value.Size:
		n, err := uintOp(op, uint64(a), uint64(y.(value.Size)))
		return value.Size(n), err, true
	case value.Percent:
		return value.Percent(floatOp(op, float64(a), float64(y.(value.Percent)))), nil, true
	}
	return nil, nil, false
}

func intOp(op string, a, b int64) (int64, error) {
	switch op {
	case "+":
		if c := a + b; (c > a) == (b > 0) {
			return c, nil
		}
	case "-":
		if c := a - b; (c < a) == (b > 0) {
			return c, nil
		}
	case "*":
		if a == 0 || b == 0 {
			return 0, nil
		}
		if c := a * b; (c < 0) == ((a < 0) != (b < 0)) && c/b == a {
			return c, nil
		}
	case "/":
		if a != math.MinInt64 || b != -1 {
			return a / b, nil
		}
	}
	return 0, value.ErrOverflow
}

func uintOp(op string, a, b uint64) (uint64, error) {
	if op == "+" {
		if sum, carry := bits.Add64(a, b, 0); carry == 0 {
			return sum, nil
		}
		return 0, value.ErrOverflow
	}
	if b > a {
		return 0, fmt.Errorf("the result is less than nothing")
	}
	return a - b, nil
}

func floatOp(op string, a, b float64) float64 {
	switch op {
	case "+":
		return a + b
	case "-":
		return a - b
	case "*":
		return a * b
	}
	return a / b
}

// scale multiplies or divides a quantity by a number.
func scale(q, n value.Value, times bool) (value.Value, error) {
	a, _ := number(q)
	b, _ := number(n)
	if i, ok := n.(value.Int); ok {
		if d, ok := q.(value.Duration); ok { // exact where whole numbers can be
			op := "/"
			if times {
				op = "*"
			}
			r, err := intOp(op, int64(d), int64(i))
			return value.Duration(r), err
		}
	}
	r := a / b
	if times {
		r = a * b
	}
	if q.Kind() == value.KindPercent {
		return value.Percent(r), nil
	}
	limit := float64(math.MaxUint64)
	if q.Kind() == value.KindDuration {
		limit = math.MaxInt64
	}
	if math.IsNaN(r) || r >= limit || r < -limit {
		return nil, value.ErrOverflow
	}
	switch q.(type) {
	case value.Duration:
		return value.Duration(r), nil
	case value.Rate, value.Size:
		if r < 0 {
			return nil, fmt.Errorf("the result is less than nothing")
		}
	}
	if q.Kind() == value.KindRate {
		return value.Rate(r), nil
	}
	return value.Size(r), nil
}

// scalar reports whether v is a plain number.
func scalar(v value.Value) bool { k := v.Kind(); return k == value.KindInt || k == value.KindFloat }

// quantity reports whether v is a number with a unit.
func quantity(v value.Value) bool {
	switch v.Kind() {
	case value.KindDuration, value.KindRate, value.KindSize, value.KindPercent:
		return true
	}
	return false
}

func number(v value.Value) (float64, bool) {
	switch v := v.(type) {
	case value.Int:
		return float64(v), true
	case value.Float:
		return float64(v), true
	case value.Duration:
		return float64(v), true
	case value.Rate:
		return float64(v), true
	case value.Size:
		return float64(v), true
	case value.Percent:
		return float64(v), true
	}
	return 0, false
}

func isZero(v value.Value) bool { n, ok := number(v); return ok && n == 0 }
