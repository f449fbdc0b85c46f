//go:build linux

package nsexec

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// kindConfigs are the kernel's modules and options for link kinds whose module
// is not called after the kind, or whose option is not.
var kindConfigs = map[string]struct{ module, config string }{
	"bond":      {"bonding", "CONFIG_BONDING"},
	"bridge":    {"bridge", "CONFIG_BRIDGE"},
	"erspan":    {"ip_gre", "CONFIG_NET_IPGRE"},
	"geneve":    {"geneve", "CONFIG_GENEVE"},
	"gre":       {"ip_gre", "CONFIG_NET_IPGRE"},
	"gretap":    {"ip_gre", "CONFIG_NET_IPGRE"},
	"ip6erspan": {"ip6_gre", "CONFIG_IPV6_GRE"},
	"ip6gre":    {"ip6_gre", "CONFIG_IPV6_GRE"},
	"ip6gretap": {"ip6_gre", "CONFIG_IPV6_GRE"},
	"ip6tnl":    {"ip6_tunnel", "CONFIG_IPV6_TUNNEL"},
	"ipip":      {"ipip", "CONFIG_NET_IPIP"},
	"ipvtap":    {"ipvtap", "CONFIG_IPVTAP"},
	"netkit":    {"", "CONFIG_NETKIT"}, // never a module
	"sit":       {"sit", "CONFIG_IPV6_SIT"},
	"tun":       {"tun", "CONFIG_TUN"},
	"vlan":      {"8021q", "CONFIG_VLAN_8021Q"},
	"vrf":       {"vrf", "CONFIG_NET_VRF"},
	"vti":       {"ip_vti", "CONFIG_NET_IPVTI"},
	"vti6":      {"ip6_vti", "CONFIG_IPV6_VTI"},
	"xfrm":      {"xfrm_interface", "CONFIG_XFRM_INTERFACE"},
	"hsr":       {"hsr", "CONFIG_HSR"},
	"team":      {"team", "CONFIG_NET_TEAM"},
	"batadv":    {"batman-adv", "CONFIG_BATMAN_ADV"},
	"vcan":      {"vcan", "CONFIG_CAN_VCAN"},
	"vxcan":     {"vxcan", "CONFIG_CAN_VXCAN"},
	"wireguard": {"wireguard", "CONFIG_WIREGUARD"},
}

// noKind is the error for a kind that the kernel does not have.
func noKind(kind string) *NoKindError {
	known, ok := kindConfigs[kind]
	if !ok {
		known.module, known.config = kind, "CONFIG_"+strings.ToUpper(kind)
	}
	return &NoKindError{Kind: kind, Module: known.module, Config: known.config}
}

// unknownKind makes a NoKindError of the error that making a link gave, where
// that is what it means. Since Linux 5.0 the kernel says so; without a word, it
// means an option that the kernel was built without, if there are options.
func unknownKind(cfg LinkConfig, err error) error {
	if !errors.Is(err, unix.EOPNOTSUPP) {
		return err
	}
	switch text, _ := kernelText(err); {
	case text == "Unknown device type", text == "" && len(cfg.Data) == 0:
		return noKind(cfg.Kind)
	case text == "":
		return fmt.Errorf("this kernel has %q links, but not all of these options: %w", cfg.Kind, err)
	}
	return err
}

// noTrafficKind is the error for a kind of qdisc, filter or action that the
// kernel does not have. What modules and options are called starts alike.
func noTrafficKind(of, module, config, kind string) *NoKindError {
	known, ok := trafficConfigs[of+" "+kind]
	if !ok {
		known.module, known.config = module+kind, "CONFIG_NET_"+config+strings.ToUpper(kind)
	}
	return &NoKindError{Kind: kind, Of: of, Module: known.module, Config: known.config}
}

// trafficConfigs are those that are called otherwise.
var trafficConfigs = map[string]struct{ module, config string }{
	"qdisc clsact": {"sch_ingress", "CONFIG_NET_SCH_INGRESS"},
	"qdisc pfifo":  {"sch_fifo", "CONFIG_NET_SCH_FIFO"},
	"qdisc bfifo":  {"sch_fifo", "CONFIG_NET_SCH_FIFO"},
}
