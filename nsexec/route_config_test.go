//go:build linux

package nsexec

import (
	"net/netip"
	"reflect"
	"testing"
)

// An operation keeps all that a route says, though most say little.
func TestRouteOp_config(t *testing.T) {
	plain := RouteConfig{
		Dst:   netip.MustParsePrefix("10.0.0.0/8"),
		Hop:   NextHop{Via: netip.MustParseAddr("192.0.2.1"), Dev: ByName("eth0")},
		Scope: -1,
	}
	if newRouteOp(addRoute, plain).whole != nil {
		t.Errorf("%+v is kept whole", plain)
	}
	some := []any{
		1, netip.MustParsePrefix("2001:db8::/32"), netip.MustParseAddr("2001:db8::1"), ByIndex(7), true, &Encap{},
		[]NextHop{{Weight: 2}}, []Attr{{Type: 1}},
	}
	// each gives every field another value of its type in turn.
	var each func(v reflect.Value, cfg *RouteConfig)
	each = func(v reflect.Value, cfg *RouteConfig) {
		for i := range v.NumField() {
			f := v.Field(i)
			if f.Type() == reflect.TypeFor[NextHop]() {
				each(f, cfg)
				continue
			}
			was := reflect.ValueOf(f.Interface())
			for _, value := range some {
				if reflect.TypeOf(value) == f.Type() {
					f.Set(reflect.ValueOf(value))
				}
			}
			if reflect.DeepEqual(f.Interface(), was.Interface()) {
				t.Fatalf("%s has no other value here", v.Type().Field(i).Name)
			}
			if got := newRouteOp(addRoute, *cfg).config(); !reflect.DeepEqual(got, *cfg) {
				t.Errorf("got %+v, want %+v", got, *cfg)
			}
			f.Set(was)
		}
	}
	cfg := plain
	each(reflect.ValueOf(&cfg).Elem(), &cfg)
}
