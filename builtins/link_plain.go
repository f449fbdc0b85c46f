//go:build linux

package builtins

// Kinds without options of their own.
var (
	dummyKind = kind{name: "dummy", doc: "make a link that drops what it is given", example: "dummy d0 up"}
	ifbKind   = kind{name: "ifb", doc: "make an intermediate functional block, for shaping what comes in", example: "ifb ifb0 up"}
	nlmonKind = kind{name: "nlmon", doc: "make a link on which netlink messages can be captured", example: "nlmon nlmon0 up"}
	vcanKind  = kind{name: "vcan", doc: "make a virtual CAN bus", example: "vcan vcan0 up"}
)
