//go:build linux

package nsexec

// DeleteNamedNs is [DeleteNamedNS].
func DeleteNamedNs(name string) error { return DeleteNamedNS(name) }
