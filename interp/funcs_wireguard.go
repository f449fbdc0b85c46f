//go:build linux

package interp

import (
	"errors"

	"golang.zx2c4.com/wireguard/wgctrl/wgtypes"

	"github.com/nescript/nescript/lang/value"
)

var wireguardFuncs = []*Function{
	{Name: "wg_key", Asks: true, Doc: "a new private key for WireGuard", Example: `wg_key()`, ask: newWireguardKey},
	{Name: "wg_public", Params: []string{"KEY"}, Doc: "the public key of a private key for WireGuard", Example: `wg_public("8I3FGNUxQiDwvKTP3XrAyd0OcBuzYkxP6pYlHU3S7E4=")`,
		pure: func(a *args) (value.Value, error) {
			text := a.str(0)
			if a.err != nil {
				return nil, nil
			}
			key, err := wgtypes.ParseKey(text)
			if err != nil {
				return nil, &argError{arg: 0, err: errors.New("wg_public: this is no key: 32 bytes in base64, as wg_key() makes them")}
			}
			return value.String(key.PublicKey().String()), nil
		}},
}

func newWireguardKey(*asker, *args) (value.Value, error) {
	key, err := wgtypes.GeneratePrivateKey()
	return value.String(key.String()), err
}
