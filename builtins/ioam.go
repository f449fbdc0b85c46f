//go:build linux

package builtins

import (
	"fmt"
	"math"

	"github.com/vishvananda/netlink/nl"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// Attributes of linux/ioam6_genl.h.
const (
	ioamNamespaceID = 1 // IOAM6_ATTR_NS_ID
	ioamSchemaID    = 4 // IOAM6_ATTR_SC_ID
	ioamSchemaData  = 5 // IOAM6_ATTR_SC_DATA
	ioamNoSchema    = 6 // IOAM6_ATTR_SC_NONE
)

// noSchema stands for none, which is no number of a schema.
const noSchema = -1

var (
	ioamSchemaNumber = numberWord(1<<24 - 1)
	// ioamSchema is the number of a schema, or noSchema.
	ioamSchema = ofText("ID|none", func(s string) (int64, error) {
		if s == "none" {
			return noSchema, nil
		}
		n, err := ioamSchemaNumber.Parse(value.String(s))
		if err != nil {
			return 0, err
		}
		return n.(int64), nil
	})
)

// ioamNamespaceOptions are those that are one attribute each.
var ioamNamespaceOptions = []kindOption{
	{name: "data", attr: 2, typ: word32, encode: u32, doc: "what the node adds to packets as its data, 32 bits"},
	{name: "wide", attr: 3, typ: numberWord(math.MaxUint64), encode: u64, doc: "the same, 64 bits"},
}

var ioamNamespaceSpec = &Spec{
	Name: "ioam namespace", Group: Layer3,
	Doc:       "add a namespace of in-situ OAM (RFC 9197), whose traces packets collect. Only the machine's own root may, not a sandbox's",
	Example:   "ioam namespace 123 data 0xdeadbee0 wide 0xcafec0caf00dc0de schema 777",
	Params:    []Param{{Name: "ID", Type: word16}},
	ModParams: map[Modifiers][]Param{Flush: {}},
	Modifiers: Del | Replace | Ensure | Flush,
	Options: append(optionsOfTable(ioamNamespaceOptions),
		Option{Name: "schema", Type: ioamSchema, Doc: "the schema whose data is added, too, which leaves the namespace that had it; or none"}),
	Needs:   genlNeeds(nsexec.IOAMNamespace),
	Verify:  compiles,
	Compile: compileIOAMNamespace,
}

func compileIOAMNamespace(c *Call) ([]nsexec.Step, error) {
	if c.Modifier == Flush {
		return flushGenl(c, nsexec.IOAMNamespace)
	}
	attrs := []nsexec.Attr{{Type: ioamNamespaceID, Data: nl.Uint16Attr(uint16(c.Int("ID")))}}
	more, _, err := encodedOf(c.Options(), ioamNamespaceOptions)
	if err != nil {
		return nil, err
	}
	attrs = append(attrs, more...)
	switch schema, ok := Opt[int64](c, "schema"); {
	case ok && schema == noSchema:
		attrs = append(attrs, nsexec.Attr{Type: ioamNoSchema})
	case ok:
		attrs = append(attrs, nsexec.Attr{Type: ioamSchemaID, Data: nl.Uint32Attr(uint32(schema))})
	}
	return genlSteps(c, c.Env.NS, nsexec.GenlConfig{Kind: nsexec.IOAMNamespace, Attrs: attrs}), nil
}

// ioamDataType is the data of a schema.
var ioamDataType = ofText("TEXT", func(s string) (string, error) {
	const most = 255 * 4 // IOAM6_MAX_SCHEMA_DATA_LEN
	if s == "" || len(s) > most {
		return "", fmt.Errorf("the data of a schema has 1 to %d bytes, this has %d", most, len(s))
	}
	return s, nil
})

var ioamSchemaSpec = &Spec{
	Name: "ioam schema", Group: Layer3,
	Doc:     "add a schema of in-situ OAM: data of any kind for the namespace that is given it. Only the machine's own root may, not a sandbox's",
	Example: "ioam schema 777 nodes-of-site-7",
	Params: []Param{
		{Name: "ID", Type: ioamSchemaNumber},
		{Name: "DATA", Type: ioamDataType, Doc: "the data; zeros fill up its last four bytes"},
	},
	ModParams: map[Modifiers][]Param{
		Del:   {{Name: "ID", Type: ioamSchemaNumber}, {Name: "DATA", Type: ioamDataType, Optional: true}},
		Flush: {},
	},
	Modifiers: Del | Replace | Ensure | Flush,
	Needs:     genlNeeds(nsexec.IOAMSchema),
	Compile: func(c *Call) ([]nsexec.Step, error) {
		if c.Modifier == Flush {
			return flushGenl(c, nsexec.IOAMSchema)
		}
		data := []byte(c.Str("DATA"))
		for len(data)%4 != 0 { // as the kernel does, which then says so
			data = append(data, 0)
		}
		attrs := []nsexec.Attr{{Type: ioamSchemaID, Data: nl.Uint32Attr(uint32(c.Int("ID")))}}
		if c.Modifier != Del {
			attrs = append(attrs, nsexec.Attr{Type: ioamSchemaData, Data: data})
		}
		return genlSteps(c, c.Env.NS, nsexec.GenlConfig{Kind: nsexec.IOAMSchema, Attrs: attrs}), nil
	},
}
