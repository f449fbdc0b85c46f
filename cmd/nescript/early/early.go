//go:build linux

// Package early has the kernel map, by a few calls, the memory that the program is
// about to use as it starts. Page by page, as they are touched, that takes a
// thousand faults; in a virtual machine, where one takes up to 10 µs, they are a
// third of the time from the start to a small script's end.
//
// It is imported for its effect, which has to come before the other packages
// initialize, whose tables and regular expressions are what fills the memory, and
// whose code is what is read. Of the packages of which all imports are initialized,
// Go takes the first by its path, so this one imports hardly anything: package
// unix, in place of syscall, would have it wait for fifty others. It changes
// nothing that can be seen, needs no privilege, and where a kernel can't do it, all
// is as it was.
package early

import (
	"syscall"
	"unsafe"
)

const hugeSize = 2 << 20 // of a page

// Advice of madvise(2): to populate is of Linux 5.14, to collapse is of 6.1.
const (
	adviseHugePage      = 14
	advisePopulateRead  = 22
	advisePopulateWrite = 23
	adviseCollapse      = 25
)

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
		madvise(first, end-first, adviseHugePage)
	}
	madvise(first, hugeSize, adviseCollapse)
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
	fd, err := syscall.Open("/proc/self/maps", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer syscall.Close(fd)
	text := make([]byte, 4096) // the first lines are the program's
	n, err := syscall.Read(fd, text)
	if err != nil {
		return
	}
	for m := range mappings(text[:n]) {
		switch {
		case m.writable:
			madvise(m.from, m.to-m.from, advisePopulateWrite)
		case m.executable:
			madvise(m.from, m.to-m.from, advisePopulateRead)
		}
	}
}

// madvise is madvise(2). What fails is done page by page, later.
func madvise(from, size, advice uintptr) {
	_, _, _ = syscall.Syscall(syscall.SYS_MADVISE, from, size, advice)
}
