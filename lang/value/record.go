package value

import "slices"

// Record is a set of named values that keeps the order in which the names
// were first set. It is not changed once it has been handed on; until then
// its maker fills it with Set. Reading is safe for concurrent use. A nil
// *Record reads as an empty one.
type Record struct {
	keys   []string
	values map[string]Value
}

// NewRecord returns an empty record.
func NewRecord() *Record { return &Record{values: map[string]Value{}} }

// Set gives key the value v, in its old place if it has one. It returns r.
func (r *Record) Set(key string, v Value) *Record {
	if _, ok := r.values[key]; !ok {
		r.keys = append(r.keys, key)
	}
	r.values[key] = v
	return r
}

// Get returns the value of key, and whether there is one.
func (r *Record) Get(key string) (Value, bool) {
	if r == nil {
		return nil, false
	}
	v, ok := r.values[key]
	return v, ok
}

// Keys returns the keys in their order. The caller may keep it.
func (r *Record) Keys() []string {
	if r == nil {
		return nil
	}
	return slices.Clone(r.keys)
}

// Len is the number of keys.
func (r *Record) Len() int {
	if r == nil {
		return 0
	}
	return len(r.keys)
}
