package slab

import "testing"

// What was taken stays as it is, whatever else is taken and appended.
func TestTake(t *testing.T) {
	var s Of[int]
	var lists [][]int
	for n := range 200 {
		l := s.Take(n % 7)
		for i, v := range l {
			if v != 0 {
				t.Fatalf("list %d: %v is not zero", n, l)
			}
			l[i] = n
		}
		_ = append(l, -1)
		lists = append(lists, l, s.Keep(l))
		*s.New() = -2
	}
	for i, l := range lists {
		for _, v := range l {
			if v != i/2 {
				t.Errorf("list %d is %v", i, l)
			}
		}
	}
	if got := s.Keep(nil); got != nil {
		t.Errorf("a copy of nothing is %v", got)
	}
}

func TestTake_large(t *testing.T) {
	var s Of[[most]byte]
	if l := s.Take(3); len(l) != 3 || cap(l) != 3 {
		t.Errorf("got %d of %d", len(l), cap(l))
	}
	if n := testing.AllocsPerRun(1, func() { s.New() }); n != 1 {
		t.Errorf("%v allocations", n)
	}
	var none Of[struct{}]
	if l := none.Take(5); len(l) != 5 {
		t.Errorf("got %d", len(l))
	}
}
