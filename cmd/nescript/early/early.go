//go:build linux

// Package early has the kernel map, by a few calls, the memory that the program is
// about to use as it starts. Page by page, as they are touched, that takes a
// thousand faults; in a virtual machine, where one takes up to 10 µs, they are a
// third of the time from the start to a small script's end.
//
// It is imported for its effect, which has to come before the other packages
// initialize, whose tables and regular expressions are what fills the memory. Go
// initializes a package as soon as all that it imports is, so this one imports
// little. It changes nothing that can be seen, needs no privilege, and
// where a kernel can't do it, all is as it was.
package early

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

const hugeSize = 2 << 20 // of a page

func init() {
	mapHeap()
	mapProgram()
}

// mapHeap backs the beginning of the heap with huge pages. Part of the first is
// in use, so it is made of what is there; the others are one fault each, when
// they are reached.
func mapHeap() {
	end := extendHeap()
	first := uintptr(unsafe.Pointer(new([4096]byte))) &^ (hugeSize - 1)
	if first < end {
		madvise(first, end-first, unix.MADV_HUGEPAGE)
	}
	madvise(first, hugeSize, unix.MADV_COLLAPSE)
}

// extendHeap lets the heap grow by a stack of 16 MiB in one piece, which can then
// be advised on, and returns where that ends; otherwise Go maps 4 MiB at a time.
// Unlike other memory, a goroutine's stack is free again as soon as that ends,
// without a collection, which this early would take as long as all that is saved.
// What is not touched takes no memory.
func extendHeap() (end uintptr) {
	ends := make(chan uintptr)
	go func() {
		var here byte // the stack begins at its end
		deep()
		ends <- uintptr(unsafe.Pointer(&here))
	}()
	return <-ends
}

// deep needs more than 8 MiB of stack, whose size is a power of two, and does
// nothing.
func deep()

// mapProgram maps the program's code, from the page cache, and its variables.
func mapProgram() {
	fd, err := unix.Open("/proc/self/maps", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	text := make([]byte, 4096) // the first lines are the program's
	n, err := unix.Read(fd, text)
	if err != nil {
		return
	}
	for m := range mappings(text[:n]) {
		switch {
		case m.writable:
			madvise(m.from, m.to-m.from, unix.MADV_POPULATE_WRITE)
		case m.executable:
			madvise(m.from, m.to-m.from, unix.MADV_POPULATE_READ)
		}
	}
}

// madvise is madvise(2): MADV_POPULATE_… are of Linux 5.14, MADV_COLLAPSE is of
// 6.1. What fails is done page by page, later.
func madvise(from, size, advice uintptr) {
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, size, advice)
}
