package value

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func lit(t testing.TB, s string) Value {
	t.Helper()
	v, err := Literal(s)
	if err != nil {
		t.Fatalf("%q: %v", s, err)
	}
	return v
}

func TestLiteral(t *testing.T) {
	tests := []struct {
		in   string
		kind Kind
		want string // as printed
	}{
		{"null", KindNull, "null"}, {"true", KindBool, "true"}, {"false", KindBool, "false"},
		{"0", KindInt, "0"}, {"-7", KindInt, "-7"}, {"007", KindInt, "7"}, {"0x1F", KindInt, "31"}, {"0b101", KindInt, "5"},
		{"0o17", KindInt, "15"}, {"-0x10", KindInt, "-16"}, {"-9223372036854775808", KindInt, "-9223372036854775808"},
		{"1.5", KindFloat, "1.5"}, {"2.0", KindFloat, "2.0"}, {"1e3", KindFloat, "1000.0"}, {"1e-9", KindFloat, "1e-09"},
		{"1e300", KindFloat, "1e+300"}, {"-0.5", KindFloat, "-0.5"},
		{"250ms", KindDuration, "250ms"}, {"1h30m", KindDuration, "1h30m"}, {"90m", KindDuration, "1h30m"}, {"1.5s", KindDuration, "1.5s"},
		{"0s", KindDuration, "0s"}, {"2d", KindDuration, "48h"}, {"10us", KindDuration, "10us"}, {"10µs", KindDuration, "10us"},
		{"5msec", KindDuration, "5ms"}, {"3600s", KindDuration, "1h"}, {"60s", KindDuration, "1m"}, {"-5s", KindDuration, "-5s"},
		{"10m", KindDuration, "10m"}, {"3601s", KindDuration, "1h0m1s"}, {"100h0m10s", KindDuration, "100h0m10s"},
		{"10mbit", KindRate, "10mbit"}, {"1500kbit", KindRate, "1500kbit"}, {"1.5mbit", KindRate, "1500kbit"}, {"1kbps", KindRate, "8kbit"},
		{"1Mbit", KindRate, "1mbit"}, {"0bit", KindRate, "0bit"}, {"1kibit", KindRate, "1024bit"}, {"0bps", KindRate, "0bit"},
		{"64kb", KindSize, "64kb"}, {"1500b", KindSize, "1500b"}, {"0.5kb", KindSize, "512b"}, {"0b", KindSize, "0b"}, {"1mib", KindSize, "1mb"},
		{"1%", KindPercent, "1%"}, {"0.5%", KindPercent, "0.5%"},
		{"10.0.0.1", KindIP, "10.0.0.1"}, {"2001:DB8::1", KindIP, "2001:db8::1"}, {"::", KindIP, "::"}, {"1:2:3:4:5:6:7:8", KindIP, "1:2:3:4:5:6:7:8"},
		{"::ffff:1.2.3.4", KindIP, "::ffff:1.2.3.4"},
		{"10.0.0.1/24", KindPrefix, "10.0.0.1/24"}, {"fe80::/64", KindPrefix, "fe80::/64"}, {"0.0.0.0/0", KindPrefix, "0.0.0.0/0"},
		{"12:23:34:45:56:67", KindMAC, "12:23:34:45:56:67"}, {"AA:bb:CC:dd:EE:ff", KindMAC, "aa:bb:cc:dd:ee:ff"},
	}
	for _, tt := range tests {
		v, err := Literal(tt.in)
		if err != nil {
			t.Errorf("%q: %v", tt.in, err)
			continue
		}
		if v.Kind() != tt.kind || v.String() != tt.want {
			t.Errorf("%q: got %s %s, want %s %s", tt.in, v.Kind(), v, tt.kind, tt.want)
		}
		// What is printed reads back as the same value.
		if again, ok := ParseLiteral(v.String()); !ok || !Equal(again, v) || again.Kind() != v.Kind() {
			t.Errorf("%q: printed as %q it reads back as %v", tt.in, v, again)
		}
	}
}

func TestLiteral_errors(t *testing.T) {
	tests := []struct{ in, want string }{
		{"", `"" is not a literal`},
		{"eth0", `"eth0" is not a literal`},
		{"h1:eth0", `"h1:eth0" is not an address`},
		{"a/b", `"a/b" is not a literal`},
		{"10.0.300.1", `300 is more than 255 in "10.0.300.1"`},
		{"10.0.0", `an IPv4 address has 4 numbers, "10.0.0" has 3`},
		{"10.0.0.0.1", `an IPv4 address has 4 numbers, "10.0.0.0.1" has 5`},
		{"10..0.1", `a number is missing between the dots of "10..0.1"`},
		{"10.0.0.01", `01 has a leading zero in "10.0.0.01"`},
		{"10.0.0.0/33", `/33 is more than the 32 bits of an IPv4 address in "10.0.0.0/33"`},
		{"10.0.0.0/024", `/024 has a leading zero in "10.0.0.0/024"`},
		{"10.0.0.0/", `"" is not a prefix length in "10.0.0.0/"`},
		{"::/129", `/129 is more than the 128 bits of an IPv6 address in "::/129"`},
		{"1:2:3", `each byte of a MAC has 2 hex digits, "1" has 1 in "1:2:3"`},
		{"12:23:34:45:56", `a MAC has 6 bytes, this has 5: "12:23:34:45:56"`},
		{"1:2:3:4:5:6:7:8:9", `an IPv6 address has 8 groups, "1:2:3:4:5:6:7:8:9" has 9`},
		{"1::2:3:4:5:6:7:8", `too many groups in "1::2:3:4:5:6:7:8", the "::" leaves room for 7`},
		{"1::2::3", `more than one "::" in "1::2::3"`},
		{"fe80::12345", `"12345" has more than 4 digits in "fe80::12345"`},
		{"fe80::g", `"g" is not a hex number in "fe80::g"`},
		{"fe80::1%eth0", `an address has no zone here: "fe80::1%eth0"`},
		{"10foo", `"foo" is not a unit in "10foo": times have ns us ms s m h d, rates bit kbit mbit gbit, sizes b kb mb gb`},
		{"9223372036854775808", `9223372036854775808 does not fit into 64 bits`},
		{"99999999999999tbit", `99999999999999tbit does not fit into 64 bits`},
		{"300y", `"y" is not a unit in "300y": times have ns us ms s m h d, rates bit kbit mbit gbit, sizes b kb mb gb`},
		{"999999999h", `999999999h is longer than a duration can be, 292 years`},
		{"1e999", `1e999 is more than a float can be`},
		{"0xzz", `"0xzz" is not a whole number`},
	}
	for _, tt := range tests {
		v, err := Literal(tt.in)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%q:\n got %v (%v)\nwant %s", tt.in, err, v, tt.want)
		}
		if v != nil {
			t.Errorf("%q: a value with the error: %v", tt.in, v)
		}
		if v, ok := ParseLiteral(tt.in); ok || v != nil {
			t.Errorf("ParseLiteral(%q) is %v, %v", tt.in, v, ok)
		}
	}
}

func TestParse_wantedKind(t *testing.T) {
	check := func(what, in string, err error, want string) {
		t.Helper()
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s %q: got %s, want %s", what, in, got, want)
		}
	}
	for in, want := range map[string]string{
		"10.0.0.1": "", "": "an empty string is not an address", "host": `"host" is not an address`,
		"10.0.0.0/24": `a prefix where an address is wanted: "10.0.0.0/24"`,
	} {
		_, err := ParseIP(in)
		check("ip", in, err, want)
	}
	for in, want := range map[string]string{
		"10.0.0.1/8": "", "10.0.0.1": `no prefix length in "10.0.0.1", as the /24 of 10.0.0.1/24`,
		"x/8": `"x" is not an address`, "10.0.0.1/-1": `"-1" is not a prefix length in "10.0.0.1/-1"`,
	} {
		_, err := ParsePrefix(in)
		check("prefix", in, err, want)
	}
	for in, want := range map[string]string{
		"12:23:34:45:56:67": "", "eth0": `"eth0" is not a MAC, as 12:23:34:45:56:67`,
		"12-23-34-45-56-67": `a MAC is written with colons, as 12:23:34:45:56:67: "12-23-34-45-56-67"`,
		"12:23:34:45:56:6g": `"6g" is not a hex number in "12:23:34:45:56:6g"`,
		"12:23:34:45:5:667": `each byte of a MAC has 2 hex digits, "5" has 1 in "12:23:34:45:5:667"`,
	} {
		_, err := ParseMAC(in)
		check("mac", in, err, want)
	}
	for in, want := range map[string]string{
		"5s": "", "5": `"5" has no unit, as the ms of 250ms`, "": `"" is not a duration, as 250ms or 1m30s`, "1h5": `"1h5" has no unit, as the ms of 250ms`,
		"s": `"s" is not a duration, as 250ms or 1m30s`, "-": `"-" is not a duration, as 250ms or 1m30s`,
	} {
		_, err := ParseDuration(in)
		check("duration", in, err, want)
	}
	for in, want := range map[string]string{
		"5mbit": "", "5": `"5" has no unit, as 10mbit has`, "fast": `"fast" is not a rate, as 10mbit`, "-5mbit": `"-5mbit" is not a rate, as 10mbit`,
	} {
		_, err := ParseRate(in)
		check("rate", in, err, want)
	}
	for in, want := range map[string]string{
		"5": "", "64k": "", "64kb": "", "5q": `"5q" is not a size, as 64kb`, "17179869184tb": `17179869184tb does not fit into 64 bits`,
	} {
		_, err := ParseSize(in)
		check("size", in, err, want)
	}
	for in, want := range map[string]string{"1%": "", "1": `"1" is not a percentage, as 0.5%`, "%": `"%" is not a percentage, as 0.5%`} {
		_, err := ParsePercent(in)
		check("percent", in, err, want)
	}
	for in, want := range map[string]string{
		"5": "", "": `"" is not a whole number`, "--5": `"--5" is not a whole number`, "0x-5": `"0x-5" is not a whole number`, "1_0": `"1_0" is not a whole number`,
	} {
		_, err := ParseInt(in)
		check("int", in, err, want)
	}
	for in, want := range map[string]string{"on": "", "off": "", "yes": "", "0": "", "maybe": `"maybe" is neither on nor off`} {
		_, err := ParseBool(in)
		check("bool", in, err, want)
	}
}

func TestString(t *testing.T) {
	rec := NewRecord().Set("b", Int(1)).Set("a b", List{String("x$"), Null{}}).Set("b", Int(2))
	tests := []struct {
		v            Value
		text, source string
	}{
		{String("a b"), "a b", `"a b"`},
		{List{Int(1), String("a"), List{}}, `[1, "a", []]`, `[1, "a", []]`},
		{rec, `{b: 2, "a b": ["x\$", null]}`, `{b: 2, "a b": ["x\$", null]}`},
		{(*Record)(nil), "{}", "{}"},
		{Range{1, 3}, "1..3", "1..3"},
		{Float(math.Inf(1)), "+Inf", "+Inf"},
		{Size(math.MaxUint64), "18446744073709551615b", "18446744073709551615b"},
		{Rate(1e15), "1000tbit", "1000tbit"},
		{nil, "", "null"},
	}
	for _, tt := range tests {
		if tt.v != nil && tt.v.String() != tt.text {
			t.Errorf("got %s, want %s", tt.v, tt.text)
		}
		if got := Source(tt.v); got != tt.source {
			t.Errorf("got %s, want %s", got, tt.source)
		}
	}
	for k := KindNull; k <= KindRange; k++ {
		if k.String() == "" || k.String() == "unknown" {
			t.Errorf("kind %d has no name", k)
		}
	}
	if got := Kind(200).String(); got != "unknown" {
		t.Errorf("got %q", got)
	}
}

func TestRecord(t *testing.T) {
	r := NewRecord().Set("z", Int(1)).Set("a", Int(2)).Set("z", Int(3))
	if got := strings.Join(r.Keys(), " "); got != "z a" || r.Len() != 2 {
		t.Errorf("got keys %s, %d", got, r.Len())
	}
	if v, ok := r.Get("z"); !ok || v != Int(3) {
		t.Errorf("got %v, %v", v, ok)
	}
	r.Keys()[0] = "changed"
	if r.Keys()[0] != "z" {
		t.Error("the keys are the caller's")
	}
	var none *Record
	if _, ok := none.Get("a"); ok || none.Len() != 0 || none.Keys() != nil {
		t.Error("a nil record is not empty")
	}
}

func TestEqual(t *testing.T) {
	a := NewRecord().Set("x", Int(1)).Set("y", List{Int(2)})
	b := NewRecord().Set("y", List{Float(2)}).Set("x", Int(1))
	tests := []struct {
		a, b Value
		want bool
	}{
		{Int(1), Float(1), true}, {Int(1), Float(1.5), false}, {Int(1), String("1"), false}, {Null{}, Null{}, true}, {Null{}, Int(0), false},
		{a, b, true}, {a, NewRecord(), false}, {List{Int(1)}, List{Int(1)}, true}, {List{Int(1)}, List{Int(2)}, false}, {List{}, List{Int(1)}, false},
		{Range{3, 1}, Range{9, 2}, true}, {Range{1, 3}, Range{1, 3}, true}, {Range{1, 3}, Range{1, 4}, false}, {List{}, Range{3, 1}, false},
		{lit(t, "10.0.0.1"), lit(t, "10.0.0.1"), true}, {lit(t, "10.0.0.1"), lit(t, "::ffff:10.0.0.1"), false}, {Bool(true), Bool(true), true},
		{Int(math.MaxInt64), Float(math.MaxInt64), false}, {Float(math.NaN()), Float(math.NaN()), false}, {Duration(time.Second), lit(t, "1s"), true},
	}
	for _, tt := range tests {
		if got := Equal(tt.a, tt.b); got != tt.want {
			t.Errorf("%s == %s: got %v", tt.a, tt.b, got)
		}
		if got := Equal(tt.b, tt.a); got != tt.want {
			t.Errorf("%s == %s: got %v", tt.b, tt.a, got)
		}
	}
}

func TestCompare(t *testing.T) {
	tests := []struct {
		a, b Value
		want int
	}{
		{Int(1), Int(2), -1}, {Int(2), Float(1.5), 1}, {Float(1.5), Int(2), -1}, {Int(2), Float(2), 0}, {Int(-2), Float(-1.5), -1},
		{Int(math.MaxInt64), Float(1 << 63), -1}, {Int(math.MinInt64), Float(-1 << 63), 0}, {Int(math.MinInt64), Float(-1e300), 1},
		{Int(1<<53 + 1), Float(1 << 53), 1}, {String("a"), String("b"), -1}, {Bool(false), Bool(true), -1},
		{lit(t, "1s"), lit(t, "900ms"), 1}, {lit(t, "1mbit"), lit(t, "1000kbit"), 0}, {lit(t, "1kb"), lit(t, "1000b"), 1}, {lit(t, "1%"), lit(t, "2%"), -1},
		{lit(t, "10.0.0.9"), lit(t, "10.0.0.10"), -1}, {lit(t, "10.0.0.1"), lit(t, "::1"), -1},
		{lit(t, "10.0.0.0/8"), lit(t, "10.0.0.0/9"), -1}, {lit(t, "00:00:00:00:00:02"), lit(t, "00:00:00:00:01:00"), -1},
	}
	for _, tt := range tests {
		if got, err := Compare(tt.a, tt.b); err != nil || got != tt.want {
			t.Errorf("%s ~ %s: got %d, %v, want %d", tt.a, tt.b, got, err, tt.want)
		}
		if got, err := Compare(tt.b, tt.a); err != nil || got != -tt.want {
			t.Errorf("%s ~ %s: got %d, %v, want %d", tt.b, tt.a, got, err, -tt.want)
		}
	}
	for _, bad := range [][2]Value{
		{Int(1), String("1")}, {String("1"), Int(1)}, {Null{}, Null{}}, {List{}, List{}}, {NewRecord(), NewRecord()}, {Range{}, Range{}},
		{Float(math.NaN()), Int(1)}, {Float(1), Float(math.NaN())}, {nil, Int(1)}, {Int(1), nil}, {lit(t, "1s"), lit(t, "1kb")}, {Bool(true), Int(1)},
	} {
		if c, err := Compare(bad[0], bad[1]); err == nil {
			t.Errorf("%v ~ %v: got %d, want an error", bad[0], bad[1], c)
		}
	}
}

func TestPrefix_Field(t *testing.T) {
	tests := []struct{ prefix, want string }{ // in the order of PrefixFields; - is an error
		{"10.0.0.5/24", "10.0.0.5 24 10.0.0.0/24 255.255.255.0 10.0.0.255 10.0.0.1 10.0.0.254 256"},
		{"10.0.0.5/30", "10.0.0.5 30 10.0.0.4/30 255.255.255.252 10.0.0.7 10.0.0.5 10.0.0.6 4"},
		{"10.0.0.5/31", "10.0.0.5 31 10.0.0.4/31 255.255.255.254 - 10.0.0.4 10.0.0.5 2"},
		{"10.0.0.5/32", "10.0.0.5 32 10.0.0.5/32 255.255.255.255 - 10.0.0.5 10.0.0.5 1"},
		{"1.2.3.4/0", "1.2.3.4 0 0.0.0.0/0 0.0.0.0 255.255.255.255 0.0.0.1 255.255.255.254 4294967296"},
		{"fe80::5/64", "fe80::5 64 fe80::/64 ffff:ffff:ffff:ffff:: - fe80::1 fe80::ffff:ffff:ffff:ffff -"},
		{"fe80::5/66", "fe80::5 66 fe80::/66 ffff:ffff:ffff:ffff:c000:: - fe80::1 fe80::3fff:ffff:ffff:ffff 4611686018427387904"},
		{"fe80::5/65", "fe80::5 65 fe80::/65 ffff:ffff:ffff:ffff:8000:: - fe80::1 fe80::7fff:ffff:ffff:ffff -"},
		{"::5/127", "::5 127 ::4/127 ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe - ::4 ::5 2"},
		{"::5/128", "::5 128 ::5/128 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff - ::5 ::5 1"},
		{"::5/0", "::5 0 ::/0 :: - ::1 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff -"},
	}
	for _, tt := range tests {
		p := lit(t, tt.prefix).(Prefix)
		var got []string
		for _, f := range PrefixFields {
			text := "-"
			if v, err := p.Field(f); err == nil {
				text = v.String()
			}
			got = append(got, text)
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", p, s, tt.want)
		}
	}
	if _, err := lit(t, "10.0.0.0/8").(Prefix).Field("x"); err == nil || err.Error() != `a prefix has no field "x"` {
		t.Errorf("got %v", err)
	}
}

func TestPrefix_At(t *testing.T) {
	tests := []struct {
		prefix string
		i      int64
		want   string
	}{
		{"10.0.0.0/24", 5, "10.0.0.5/24"}, {"10.0.0.77/24", 0, "10.0.0.0/24"}, {"10.0.0.0/24", 255, "10.0.0.255/24"},
		{"10.0.0.0/24", 256, "10.0.0.0/24 has no address 256, they go from 0 to 255"},
		{"10.0.0.0/24", -1, "10.0.0.0/24 has no address -1, they go from 0 to 255"},
		{"10.0.0.0/32", 1, "10.0.0.0/32 has no address 1, there is only number 0"},
		{"0.0.0.0/0", 1<<32 - 1, "255.255.255.255/0"}, {"0.0.0.0/0", 1 << 32, "0.0.0.0/0 has no address 4294967296, they go from 0 to 4294967295"},
		{"10.0.0.0/31", 1, "10.0.0.1/31"}, {"fe80::/64", math.MaxInt64, "fe80::7fff:ffff:ffff:ffff/64"}, {"::/0", 7, "::7/0"},
		{"::/0", -1, "::/0 has no address -1, they count from 0"}, {"::1/128", 0, "::1/128"}, {"::/65", math.MaxInt64, "::7fff:ffff:ffff:ffff/65"},
	}
	for _, tt := range tests {
		p, err := lit(t, tt.prefix).(Prefix).At(tt.i)
		got := p.String()
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s[%d]: got %s, want %s", tt.prefix, tt.i, got, tt.want)
		}
	}
}

func TestPrefix_Subnet(t *testing.T) {
	tests := []struct {
		prefix     string
		newbits, i int64
		want       string
	}{
		{"10.0.0.0/24", 7, 3, "10.0.0.6/31"}, {"10.1.0.0/16", 8, 255, "10.1.255.0/24"}, {"10.0.0.0/24", 0, 0, "10.0.0.0/24"},
		{"10.0.0.0/24", 8, 255, "10.0.0.255/32"}, {"2001:db8:1::/48", 16, 2, "2001:db8:1:2::/64"}, {"::/0", 128, 1, "::1/128"},
		{"10.0.0.0/24", 9, 0, "10.0.0.0/24 can't be 9 bits longer, it has 8 left"},
		{"10.0.0.0/24", -1, 0, "a subnet can't be -1 bits longer than its prefix"},
		{"10.0.0.0/24", 2, 4, "10.0.0.0/24 has no /26 number 4, they go from 0 to 3"},
		{"10.0.0.0/24", 2, -1, "10.0.0.0/24 has no /26 number -1, they go from 0 to 3"},
		{"10.0.0.0/24", math.MaxInt64, 0, "10.0.0.0/24 can't be 9223372036854775807 bits longer, it has 8 left"},
		{"::/0", 64, math.MaxInt64, "7fff:ffff:ffff:ffff::/64"},
	}
	for _, tt := range tests {
		p, err := lit(t, tt.prefix).(Prefix).Subnet(tt.newbits, tt.i)
		got := p.String()
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("subnet(%s, %d, %d): got %s, want %s", tt.prefix, tt.newbits, tt.i, got, tt.want)
		}
	}
}

func TestCountOn(t *testing.T) {
	ip := func(s string) IP { return lit(t, s).(IP) }
	for _, tt := range []struct {
		ip   string
		n    int64
		want string
	}{
		{"10.0.0.255", 1, "10.0.1.0"}, {"10.0.0.0", -1, "9.255.255.255"}, {"255.255.255.255", 1, ""}, {"0.0.0.0", -1, ""},
		{"::", math.MinInt64, ""}, {"::ffff:ffff:ffff:ffff", 1, "0:0:0:1::"}, {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 1, ""},
	} {
		got, err := ip(tt.ip).Add(tt.n)
		if (err == nil) != (tt.want != "") || err == nil && got.String() != tt.want {
			t.Errorf("%s + %d: got %s, %v, want %s", tt.ip, tt.n, got, err, tt.want)
		}
	}
	if n, err := ip("10.0.1.0").Sub(ip("10.0.0.255")); n != 1 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	if _, err := ip("::1").Sub(ip("10.0.0.1")); err == nil {
		t.Error("families mix")
	}
	for _, far := range [][2]string{{"8000::", "::"}, {"::", "8000::"}, {"::8000:0:0:0", "::"}, {"::", "::8000:0:0:1"}, {"::1:0:0:0:0", "::"}} {
		if n, err := ip(far[0]).Sub(ip(far[1])); !errors.Is(err, ErrOverflow) {
			t.Errorf("%s - %s: got %d, %v", far[0], far[1], n, err)
		}
	}
	for _, near := range []struct {
		a, b string
		want Int
	}{{"::", "::8000:0:0:0", math.MinInt64}, {"::7fff:ffff:ffff:ffff", "::", math.MaxInt64}, {"0:0:0:1::", "::ffff:ffff:ffff:ffff", 1}, {"10.0.0.0", "10.0.1.0", -256}} {
		if n, err := ip(near.a).Sub(ip(near.b)); n != near.want || err != nil {
			t.Errorf("%s - %s: got %d, %v", near.a, near.b, n, err)
		}
	}
	if got, err := ip("8000::").Add(math.MinInt64); err != nil || got.String() != "7fff:ffff:ffff:ffff:8000::" {
		t.Errorf("got %s, %v", got, err)
	}
	m := lit(t, "00:00:00:00:00:ff").(MAC)
	if got, err := m.Add(1); err != nil || got.String() != "00:00:00:00:01:00" {
		t.Errorf("got %s, %v", got, err)
	}
	for _, n := range []int64{-256, math.MinInt64, math.MaxInt64, 1<<48 - 255} {
		if got, err := m.Add(n); err == nil {
			t.Errorf("%s + %d is %s", m, n, got)
		}
	}
	if got := MACFrom(m.Number()); got != m {
		t.Errorf("got %s", got)
	}
}

// A literal that can be read is printed as one that reads back the same.
func FuzzLiteral(f *testing.F) {
	for _, s := range []string{"1h30m", "0x1f", "fe80::/64", "12:23:34:45:56:67", "1.5mbit", "1e-9", "5%", "10.0.0.1/8", "-5", "64kb", "::ffff:1.2.3.4"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := Literal(s)
		if (err == nil) == (v == nil) {
			t.Fatalf("%q: %v, %v", s, v, err)
		}
		if err != nil {
			return
		}
		again, err := Literal(v.String())
		if err != nil || again.Kind() != v.Kind() || !Equal(again, v) {
			t.Fatalf("%q is %s, which is %v, %v", s, v, again, err)
		}
	})
}
