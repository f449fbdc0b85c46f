//go:build linux

package main

import (
	"encoding/json"
	"net/netip"
)

// The plan as other languages read it.
type (
	planJSON struct {
		Spaces []string    `json:"spaces"`
		Rooms  []roomJSON  `json:"rooms"`
		Routes []routeJSON `json:"routes"`
	}
	roomJSON struct {
		Links  []linkJSON  `json:"links"`
		Near   []pairJSON  `json:"near"`
		Far    []endJSON   `json:"far"`
		Routes []routeJSON `json:"routes"`
	}
	linkJSON struct {
		Kind  string         `json:"kind"`
		Name  string         `json:"name"`
		Addrs []netip.Prefix `json:"addrs"`
	}
	pairJSON struct {
		Near endJSON `json:"near"`
		Far  endJSON `json:"far"`
	}
	endJSON struct {
		Space  int            `json:"space"`
		Name   string         `json:"name"`
		Master string         `json:"master"`
		Addrs  []netip.Prefix `json:"addrs"`
	}
	routeJSON struct {
		Space int    `json:"space"`
		To    string `json:"to"`
		Via   string `json:"via"`
		Dev   string `json:"dev"`
	}
)

func (p *plan) json() ([]byte, error) {
	all := planJSON{Spaces: p.spaces, Routes: each(p.routes, route.json)}
	for _, r := range p.rooms() {
		all.Rooms = append(all.Rooms, roomJSON{
			Links:  each(r.links, func(l link) linkJSON { return linkJSON{l.kind, l.name, each(l.addrs, same)} }),
			Near:   each(r.near, func(p pair) pairJSON { return pairJSON{p.near.json(), p.far.json()} }),
			Far:    each(r.far, end.json),
			Routes: each(r.routes, route.json),
		})
	}
	return json.Marshal(all)
}

func (e end) json() endJSON { return endJSON{e.space, e.name, e.master, each(e.addrs, same)} }

func (r route) json() routeJSON { return routeJSON{r.space, r.dst(), r.via.String(), r.dev} }

func same[T any](x T) T { return x }

// each applies f to all. An empty list stays a list.
func each[A, B any](all []A, f func(A) B) []B {
	out := make([]B, 0, len(all))
	for _, a := range all {
		out = append(out, f(a))
	}
	return out
}
