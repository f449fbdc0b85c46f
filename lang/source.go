package lang

import "unsafe"

// The nodes' texts are parts of the source as a string, and a File has it as
// bytes. Both are the same memory, since nobody changes it.

func textOf(src []byte) string { return unsafe.String(unsafe.SliceData(src), len(src)) }

func bytesOf(src string) []byte { return unsafe.Slice(unsafe.StringData(src), len(src)) }
