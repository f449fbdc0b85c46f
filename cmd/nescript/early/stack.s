//go:build linux

// func deep()
//
// A frame of 8 MiB, which Go has a goroutine's stack grow for.
TEXT ·deep(SB), 0, $8388608-0
	RET
