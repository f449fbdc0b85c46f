// Package slab allocates values many at a time, for what a script has by the
// thousand: the nodes of its tree, its statements' arguments.
package slab

import "unsafe"

// most is how many bytes of values are allocated at a time at most. All of them
// stay as long as one of them is referred to.
const most = 16 << 10

// Of allocates values of type T. The zero Of is ready for use; it is not for
// concurrent use.
type Of[T any] struct {
	free []T
	size int // of the last piece
}

// New returns a zero T.
func (s *Of[T]) New() *T { return &s.Take(1)[0] }

// Take returns n zero values. Appending to them reallocates.
func (s *Of[T]) Take(n int) []T {
	if n > len(s.free) {
		var t T
		limit := most / max(int(unsafe.Sizeof(t)), 1)
		s.size = max(min(2*s.size, limit), n, 1)
		s.free = make([]T, s.size)
	}
	out := s.free[:n:n]
	s.free = s.free[n:]
	return out
}

// Keep returns a copy of a list, nil of an empty one.
func (s *Of[T]) Keep(list []T) []T {
	if len(list) == 0 {
		return nil
	}
	out := s.Take(len(list))
	copy(out, list)
	return out
}
