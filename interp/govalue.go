//go:build linux

package interp

import (
	"encoding"
	"fmt"
	"math"
	"net"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/nescript/nescript/lang/value"
)

// fromGo turns a Go value into the language's: numbers, text, bools, addresses
// of net and net/netip, time.Duration, slices, maps with string keys, and
// structs, whose fields go by their json names.
func fromGo(x any) (value.Value, error) {
	switch x := x.(type) {
	case nil:
		return value.Null{}, nil
	case value.Value:
		return x, nil
	case time.Duration:
		return value.Duration(x), nil
	case netip.Addr:
		return value.IP{Addr: x.Unmap().WithZone("")}, nil
	case netip.Prefix:
		return value.Prefix{Prefix: x}, nil
	case net.IP:
		addr, ok := netip.AddrFromSlice(x)
		if !ok {
			return nil, fmt.Errorf("%v is not an address", x)
		}
		return value.IP{Addr: addr.Unmap()}, nil
	case net.IPNet:
		return fromIPNet(x)
	case *net.IPNet:
		if x == nil {
			return value.Null{}, nil
		}
		return fromIPNet(*x)
	case net.HardwareAddr:
		if len(x) == len(value.MAC{}) {
			return value.MAC(x), nil
		}
		return value.String(x.String()), nil
	}
	return fromReflect(reflect.ValueOf(x))
}

func fromIPNet(n net.IPNet) (value.Value, error) {
	addr, ok := netip.AddrFromSlice(n.IP)
	ones, bits := n.Mask.Size()
	if !ok || bits == 0 {
		return nil, fmt.Errorf("%v is not a prefix", n)
	}
	return value.Prefix{Prefix: netip.PrefixFrom(addr.Unmap(), ones)}, nil
}

func fromReflect(v reflect.Value) (value.Value, error) {
	switch v.Kind() {
	case reflect.Bool:
		return value.Bool(v.Bool()), nil
	case reflect.String:
		return value.String(v.String()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return value.Int(v.Int()), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		if v.Uint() > math.MaxInt64 {
			return nil, value.ErrOverflow
		}
		return value.Int(v.Uint()), nil
	case reflect.Float32, reflect.Float64:
		return value.Float(v.Float()), nil
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return value.Null{}, nil
		}
		return fromGo(v.Elem().Interface())
	case reflect.Slice, reflect.Array:
		return fromSlice(v)
	case reflect.Map:
		return fromMap(v)
	case reflect.Struct:
		if t, ok := v.Interface().(encoding.TextMarshaler); ok {
			text, err := t.MarshalText()
			return value.String(text), err
		}
		rec := value.NewRecord()
		return rec, addFields(rec, v)
	}
	return nil, fmt.Errorf("a Go %s has no equal in the language", v.Type())
}

func fromSlice(v reflect.Value) (value.Value, error) {
	list := make(value.List, v.Len())
	for i := range list {
		item, err := fromGo(v.Index(i).Interface())
		if err != nil {
			return nil, err
		}
		list[i] = item
	}
	return list, nil
}

// fromMap makes a record with the keys sorted.
func fromMap(v reflect.Value) (value.Value, error) {
	if v.Type().Key().Kind() != reflect.String {
		return nil, fmt.Errorf("a Go %s has no equal in the language: a record's keys are strings", v.Type())
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	rec := value.NewRecord()
	for _, k := range keys {
		item, err := fromGo(v.MapIndex(k).Interface())
		if err != nil {
			return nil, err
		}
		rec.Set(k.String(), item)
	}
	return rec, nil
}

// addFields puts a struct's exported fields into rec as encoding/json would:
// by their json names, embedded structs in line, empty ones left out where
// their tag says omitempty.
func addFields(rec *value.Record, v reflect.Value) error {
	for f, fv := range v.Fields() {
		name, opts, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "-" {
			continue
		}
		if f.Anonymous && name == "" && fv.Kind() == reflect.Struct {
			if err := addFields(rec, fv); err != nil {
				return err
			}
			continue
		}
		if (strings.Contains(opts, "omitempty") || strings.Contains(opts, "omitzero")) && emptyValue(fv) {
			continue
		}
		if name == "" {
			name = f.Name
		}
		item, err := fromGo(fv.Interface())
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		rec.Set(name, item)
	}
	return nil
}

// emptyValue is encoding/json's idea of empty.
func emptyValue(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.String, reflect.Array:
		return v.Len() == 0
	}
	return v.IsZero()
}
