//go:build linux

package interp

var queryFuncs []*Function
