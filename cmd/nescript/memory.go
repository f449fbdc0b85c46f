//go:build linux

package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The program lives shortly, and what it allocates for a statement is garbage
// once that has been done. So it collects less often than Go does, as long as
// that costs no more than some tens of megabytes.
const (
	fewCollections = 400     // per cent of growth, for scripts of any usual size
	bigScript      = 2 << 20 // bytes; of these the tree itself takes the memory
	moreOfBig      = 100     // per cent, once the tree is there
)

// A byte of a script comes to about 13 bytes of tree, and its check to as many
// more as make 20. While the tree grows there is nothing to collect, so a big
// script's first collection waits for more than that.
const (
	heapPerByte = 26
	leastHeap   = 4 << 20   // what Go lets a heap grow to at 100 per cent
	mostAtOnce  = 512 << 20 // of the heap, asked for before it is known to be needed
)

// collectFor sets how often to collect for a script of a size, unless GOGC does.
func collectFor(script int) {
	if os.Getenv("GOGC") != "" {
		return
	}
	if script <= bigScript {
		debug.SetGCPercent(fewCollections)
		return
	}
	heap := heapPerByte * script
	growHeap(min(heap, mostAtOnce))
	debug.SetGCPercent(heap / (leastHeap / 100))
	// The first collection finds this to be garbage.
	runtime.AddCleanup(&struct{ _ *int }{}, func(percent int) { debug.SetGCPercent(percent) }, moreOfBig)
}

// growHeap lets the heap grow by so many bytes at once, and has the kernel back
// them with huge pages, where it has them for who asks (madvise(2),
// MADV_HUGEPAGE). In a virtual machine the fault of each new page takes up to
// 10 µs, in all a third of the time of a big script's check; a huge page is one fault
// for 512 of them. For small scripts package early does enough.
func growHeap(size int) {
	var heap strings.Builder // leaves its memory as it is; to make a slice may clear it, which touches all of it
	heap.Grow(size)
	heap.WriteByte(0)
	// Go gives out the lowest addresses first, so what follows is put there once
	// it is free. A kernel without huge pages answers EINVAL, and all is as it was.
	_ = unix.Madvise(unsafe.Slice(unsafe.StringData(heap.String()), size), unix.MADV_HUGEPAGE)
	runtime.KeepAlive(&heap)
	runtime.GC()
}
