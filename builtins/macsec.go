//go:build linux

package builtins

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/vishvananda/netlink/nl"

	"github.com/nescript/nescript/lang/value"
	"github.com/nescript/nescript/nsexec"
)

// Attributes of associations in linux/if_macsec.h.
const (
	macsecPN    = 3 // MACSEC_SA_ATTR_PN
	macsecKey   = 4 // MACSEC_SA_ATTR_KEY
	macsecKeyID = 5 // MACSEC_SA_ATTR_KEYID
	macsecSSCI  = 8 // MACSEC_SA_ATTR_SSCI
	macsecSalt  = 9 // MACSEC_SA_ATTR_SALT
)

// macsecAssociation are the options of an association, and whether it is in use,
// which a channel is, too.
var macsecAssociation = []Option{
	{Name: "sa", Type: number(0, 3), Doc: "the number of the association"},
	{Name: "pn", Type: numberWord(1<<32 - 1), Doc: "the number of the next packet"},
	{Name: "xpn", Type: numberWord(1<<64 - 1), Doc: "the same, of ciphers with long numbers"},
	{Name: "salt", Type: hexOf(12), Doc: "of ciphers with long numbers: the salt, 24 hexadecimal digits"},
	{Name: "ssci", Type: word32, Doc: "of ciphers with long numbers: the short identifier of the channel"},
	{Name: "on", Doc: "in use"},
	{Name: "off", Doc: "not in use; so an association is unless said otherwise"},
	{Name: "key", Type: textType, Many: true, Least: 2, Doc: "the key's identifier and the key, in hexadecimal digits"},
}

var macsecTxSpec = &Spec{
	Name: "macsec tx", Group: Layer3,
	Doc:       "give a macsec link a key to send with. Only the machine's own root may, not a sandbox's",
	Example:   "macsec tx ms0 sa 0 pn 1 on key 01 000102030405060708090a0b0c0d0e0f",
	Params:    []Param{{Name: "LINK", Type: linkType, Doc: "the macsec link"}},
	Options:   macsecAssociation,
	Modifiers: Del | Ensure,
	Needs:     macsecNeeds,
	Verify:    compiles,
	Compile:   func(c *Call) ([]nsexec.Step, error) { return compileMacsec(c, false) },
}

var macsecRxSpec = &Spec{
	Name: "macsec rx", Group: Layer3,
	Doc:     "have a macsec link receive what another sends, or give it the key for that. Only the machine's own root may, not a sandbox's",
	Example: "macsec rx ms0 port 1 address 02:00:00:00:00:02 sa 0 pn 1 on key 01 000102030405060708090a0b0c0d0e0f",
	Params:  []Param{{Name: "LINK", Type: linkType, Doc: "the macsec link"}},
	Options: append([]Option{
		{Name: "sci", Type: ofText("SCI", parseSCI), Doc: "the identifier of the other's channel, in hexadecimal"},
		{Name: "port", Type: number(1, 65535), Doc: "rather than sci: the port of the other's channel"},
		{Name: "address", Type: macType, Doc: "and its address"},
	}, macsecAssociation...),
	Modifiers: Del | Ensure,
	Needs:     macsecNeeds,
	Verify:    compiles,
	Compile:   func(c *Call) ([]nsexec.Step, error) { return compileMacsec(c, true) },
}

func macsecNeeds(*Call) []nsexec.Kind { return []nsexec.Kind{{Name: "macsec"}} }

// hexOf is so many bytes in hexadecimal digits.
func hexOf(n int) Type {
	return ofText("HEX", func(s string) ([]byte, error) {
		b, err := hex.DecodeString(s)
		if err != nil || len(b) != n {
			return nil, fmt.Errorf("%q is not %d hexadecimal digits", s, 2*n)
		}
		return b, nil
	})
}

func compileMacsec(c *Call, receives bool) ([]nsexec.Step, error) {
	link := c.Link("LINK")
	cfg := nsexec.MacsecConfig{Link: link.Link, SA: -1, Text: c.String()}
	var err error
	if receives {
		if cfg.Channel, err = macsecChannel(c); err != nil {
			return nil, err
		}
	}
	if c.Has("sa") {
		cfg.SA = optInt(c, "sa")
	} else if !receives {
		return nil, errors.New(`"macsec tx" needs "sa": the number of the association`)
	}
	if cfg.Attrs, err = macsecAttrs(c, cfg.SA >= 0, !receives); err != nil {
		return nil, err
	}
	cfg.Keyed = c.Has("key")
	return []nsexec.Step{{NS: link.NS, Action: nsexec.Macsec(modeOf(c.Modifier), cfg)}}, nil
}

// macsecChannel is the identifier of the other's channel.
func macsecChannel(c *Call) ([]byte, error) {
	sci, ok := Opt[int64](c, "sci")
	mac, hasMAC := Opt[value.MAC](c, "address")
	switch {
	case ok && (hasMAC || c.Has("port")):
		return nil, errors.New(`a channel is said by "sci" or by "port" and "address", not both`)
	case ok:
		return binary.BigEndian.AppendUint64(nil, uint64(sci)), nil
	case !hasMAC || !c.Has("port"):
		return nil, errors.New(`"macsec rx" needs the other's channel: "port" and "address", or "sci"`)
	}
	return nsexec.MacsecSCI(mac, uint16(optInt(c, "port"))), nil
}

// macsecAttrs are the attributes of an association, or of a channel.
func macsecAttrs(c *Call, association, sends bool) (out []nsexec.Attr, err error) {
	switch {
	case c.Has("on") && c.Has("off"):
		return nil, errors.New(`it is "on" or "off", not both`)
	case c.Has("pn") && c.Has("xpn"):
		return nil, errors.New(`"pn" or "xpn" is the number, not both`)
	case c.Modifier == 0 && association && !c.Has("key"):
		return nil, errors.New(`an association needs "key": its identifier and the key`)
	case c.Modifier == 0 && sends && !c.Has("pn") && !c.Has("xpn"):
		return nil, errors.New(`"macsec tx" needs "pn": the number of the next packet`)
	}
	for _, name := range []string{"pn", "xpn", "salt", "ssci", "key"} {
		if c.Has(name) && !association {
			return nil, fmt.Errorf(`%q is of an association, which "sa" says`, name)
		}
	}
	for _, name := range []string{"on", "off"} {
		if c.Has(name) {
			out = append(out, nsexec.MacsecActive(name == "on"))
		}
	}
	if n, ok := Opt[int64](c, "pn"); ok {
		out = append(out, nsexec.Attr{Type: macsecPN, Data: nl.Uint32Attr(uint32(n))})
	}
	if n, ok := Opt[int64](c, "xpn"); ok {
		out = append(out, nsexec.Attr{Type: macsecPN, Data: nl.Uint64Attr(uint64(n))})
	}
	if salt, ok := Opt[[]byte](c, "salt"); ok {
		out = append(out, nsexec.Attr{Type: macsecSalt, Data: salt})
	}
	if n, ok := Opt[int64](c, "ssci"); ok {
		out = append(out, nsexec.Attr{Type: macsecSSCI, Data: binary.BigEndian.AppendUint32(nil, uint32(n))})
	}
	g, ok := c.Option("key")
	if !ok {
		return out, nil
	}
	key, wrong := macsecKeyOf(texts(g.Values))
	if wrong != nil {
		wrong.Arg += g.Arg
		return nil, wrong
	}
	return append(out, key...), nil
}

// macsecKeyOf are the attributes of a key. Its identifier has 16 bytes, of which
// those at the end may be left out. The error's place is counted from the option.
func macsecKeyOf(vals []string) ([]nsexec.Attr, *ArgError) {
	const most = 16
	if len(vals) != 2 {
		return nil, &ArgError{Msg: fmt.Sprintf(`"key" takes its identifier and the key; this has %d values`, len(vals))}
	}
	id, err := hex.DecodeString(vals[0])
	if err != nil || len(id) == 0 || len(id) > most {
		return nil, &ArgError{Arg: 1, Msg: fmt.Sprintf(`"key": %q is no identifier, which has 2 to %d hexadecimal digits, two for a byte`, vals[0], 2*most)}
	}
	key, err := hex.DecodeString(vals[1])
	if err != nil || len(key) != 16 && len(key) != 32 {
		return nil, &ArgError{Arg: 2, Msg: fmt.Sprintf(`"key": a key has 32 or 64 hexadecimal digits; this has %d, or others`, len(vals[1]))}
	}
	return []nsexec.Attr{
		{Type: macsecKey, Data: key},
		{Type: macsecKeyID, Data: append(id, make([]byte, most-len(id))...)},
	}, nil
}
