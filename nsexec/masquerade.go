//go:build linux

package nsexec

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/google/nftables"
	"github.com/google/nftables/userdata"
	"golang.org/x/sys/unix"
)

// MasqueradeConfig says what gets the address of the link that it leaves by.
type MasqueradeConfig struct {
	Out  LinkRef        // the link; none for all
	From []netip.Prefix // the sources; none for all
}

// String is the configuration as the language writes it.
func (cfg MasqueradeConfig) String() string {
	text := "masquerade"
	if cfg.Out != (LinkRef{}) {
		text += " out " + cfg.Out.String()
	}
	if len(cfg.From) > 0 {
		text += " from"
	}
	for _, p := range cfg.From {
		text += " " + p.String()
	}
	return text
}

// Masquerade has what leaves the namespace get the address of the link that it
// leaves by, where the configuration says so. It makes an nftables table of its
// own, and needs CAP_NET_ADMIN.
func Masquerade(cfg MasqueradeConfig) NsAction {
	return nsAction("masquerade", masqueradeOp{cfg: cfg})
}

// EnsureMasquerade is Masquerade unless there is the same.
func EnsureMasquerade(cfg MasqueradeConfig) NsAction {
	return nsAction("ensure-masquerade", masqueradeOp{cfg: cfg, ensure: true})
}

type masqueradeOp struct {
	cfg    MasqueradeConfig
	ensure bool
	table  string // its name, once it is settled
}

func (o masqueradeOp) String() string { return o.cfg.String() }

// masqueradePrefix is what the names of our tables start with.
const masqueradePrefix = "nescript-masquerade-"

// prepare chooses a name that no other has, and notes it.
func (o masqueradeOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	if u.owns(c.id) {
		return o, nil
	}
	if o.ensure {
		if like, err := c.masqueradesLike(o.cfg); err != nil || len(like) > 0 {
			return o, err
		}
	}
	o.table = newMasqueradeName()
	return o, u.note(ctx, c.cookieRef(), unmakeMasqueradeOp{o.table})
}

func newMasqueradeName() string { return masqueradePrefix + strings.ToLower(rand.Text()[:12]) }

func (o masqueradeOp) act(_ context.Context, c *Conn) error {
	rules, err := c.masqueradeRules(o.cfg, false)
	if err != nil {
		return err
	}
	if o.ensure {
		if like, err := c.masqueradesLike(o.cfg); err != nil || len(like) > 0 {
			return err
		}
	}
	if o.table == "" {
		o.table = newMasqueradeName()
	}
	if err := c.fault("request nftables"); err != nil {
		return err
	}
	return c.addMasquerade(masqueradeTable{o.table, rules})
}

// masqueradeTable is a table of ours.
type masqueradeTable struct {
	name  string
	rules []masqueradeRule
}

// masqueradeRules are the rules of a configuration, whose link has to be there
// unless it may be gone.
func (c *Conn) masqueradeRules(cfg MasqueradeConfig, gone bool) ([]masqueradeRule, error) {
	var r masqueradeRule
	if cfg.Out != (LinkRef{}) {
		msg, err := c.getLink(cfg.Out)
		switch {
		case err == nil:
			r.out = linkAttr(msg, unix.IFLA_IFNAME)
		case gone && IsGone(err) && cfg.Out.Name != "":
			r.out = cfg.Out.Name
		default:
			return nil, err
		}
	}
	if len(cfg.From) == 0 {
		return []masqueradeRule{r}, nil
	}
	var rules []masqueradeRule
	for _, p := range cfg.From {
		rules = append(rules, masqueradeRule{r.out, p.Masked()})
	}
	return rules, nil
}

// onNFTables calls f with a connection to the nftables of the namespace.
func onNFTables(c *Conn, f func(*nftables.Conn) error) error {
	return inNamespace(c.nsfd, func(*thread) error {
		nft, err := nftables.New(nftables.AsLasting())
		if err == nil {
			defer nft.CloseLasting()
			err = f(nft)
		}
		if errors.Is(err, unix.EPROTONOSUPPORT) || errors.Is(err, unix.EOPNOTSUPP) {
			err = fmt.Errorf("this kernel lacks a part of nftables (CONFIG_NF_TABLES_INET, CONFIG_NFT_MASQ, CONFIG_NFT_NAT): %w", err)
		}
		return err
	})
}

func (c *Conn) addMasquerade(t masqueradeTable) error {
	return onNFTables(c, func(nft *nftables.Conn) error {
		table := nft.CreateTable(&nftables.Table{Name: t.name, Family: nftables.TableFamilyINet})
		chain := nft.AddChain(&nftables.Chain{
			Name: masqueradeChain, Table: table,
			Type: nftables.ChainTypeNAT, Hooknum: nftables.ChainHookPostrouting, Priority: nftables.ChainPriorityNATSource,
		})
		for _, r := range t.rules {
			nft.AddRule(&nftables.Rule{Table: table, Chain: chain, Exprs: r.exprs(), UserData: userdata.AppendString(nil, userdata.TypeComment, r.String())})
		}
		return nft.Flush()
	})
}

const masqueradeChain = "postrouting"

// masquerades are the tables of ours that there are.
func (c *Conn) masquerades() (out []masqueradeTable, err error) {
	err = onNFTables(c, func(nft *nftables.Conn) error {
		tables, err := nft.ListTablesOfFamily(nftables.TableFamilyINet)
		if err != nil {
			return err
		}
		for _, t := range tables {
			if !strings.HasPrefix(t.Name, masqueradePrefix) {
				continue
			}
			rules, err := nft.GetRules(t, &nftables.Chain{Name: masqueradeChain, Table: t})
			if err != nil && !errors.Is(err, unix.ENOENT) {
				return err
			}
			ours := masqueradeTable{name: t.Name}
			for _, r := range rules {
				comment, _ := userdata.GetString(r.UserData, userdata.TypeComment)
				if rule, err := parseMasqueradeRule(comment); err == nil {
					ours.rules = append(ours.rules, rule)
				}
			}
			out = append(out, ours)
		}
		return nil
	})
	return out, err
}

// masqueradesLike are those tables of ours that a configuration would make.
func (c *Conn) masqueradesLike(cfg MasqueradeConfig) ([]masqueradeTable, error) {
	rules, err := c.masqueradeRules(cfg, true)
	if err != nil {
		return nil, err
	}
	all, err := c.masquerades()
	return slices.DeleteFunc(all, func(t masqueradeTable) bool { return !slices.Equal(t.rules, rules) }), err
}

// DelMasquerade takes away the last one that was made of a configuration. Where
// there is none, that is a unix.ENOENT.
func DelMasquerade(cfg MasqueradeConfig) NsAction {
	return nsAction("del-masquerade", delMasqueradeOp{cfg: cfg})
}

// FlushMasquerades takes away all that were made by Masquerade.
func FlushMasquerades() NsAction {
	return nsAction("flush-masquerade", delMasqueradeOp{all: true})
}

type delMasqueradeOp struct {
	cfg MasqueradeConfig
	all bool
}

func (o delMasqueradeOp) String() string {
	if o.all {
		return "flush masquerade"
	}
	return "del " + o.cfg.String()
}

// meant are the tables to take away.
func (o delMasqueradeOp) meant(c *Conn) ([]masqueradeTable, error) {
	if o.all {
		return c.masquerades()
	}
	like, err := c.masqueradesLike(o.cfg)
	if err == nil && len(like) == 0 {
		return nil, fmt.Errorf("there is no such masquerade: %w", unix.ENOENT)
	}
	return like[max(len(like)-1, 0):], err
}

func (o delMasqueradeOp) prepare(ctx context.Context, c *Conn, u *Undo) (operation, error) {
	if u.owns(c.id) {
		return o, nil
	}
	tables, err := o.meant(c)
	for _, t := range tables {
		if err == nil {
			err = u.note(ctx, c.cookieRef(), restoreMasqueradeOp{t})
		}
	}
	return o, err
}

func (o delMasqueradeOp) act(_ context.Context, c *Conn) error {
	tables, err := o.meant(c)
	if err != nil {
		return err
	}
	if err := c.fault("request nftables"); err != nil {
		return err
	}
	for _, t := range tables {
		if err := c.delMasquerade(t.name); err != nil {
			return err
		}
	}
	return nil
}

func (c *Conn) delMasquerade(table string) error {
	return onNFTables(c, func(nft *nftables.Conn) error {
		nft.DelTable(&nftables.Table{Name: table, Family: nftables.TableFamilyINet})
		return nft.Flush()
	})
}
