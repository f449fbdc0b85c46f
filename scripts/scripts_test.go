//go:build linux

// Package scripts_test runs every example of this folder on the real kernel and
// asks iproute2, not NEScript, what came of it.
package scripts_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/lang"
	"github.com/nescript/nescript/nsexec"
	"github.com/nescript/nescript/nsexec/nstest"
)

func TestMain(m *testing.M) { nstest.Main(m) }

// example is one way to run a script, and what must be seen afterwards.
type example struct {
	script  string
	params  map[string]string
	witness func(t *testing.T)
}

var examples = []example{
	{"founding.nes", nil, func(t *testing.T) {
		br := link(t, "example", "br0")
		if br.Address != "12:23:34:45:56:67" || !slices.Contains(br.Flags, "UP") || br.Info.Kind != "bridge" {
			t.Errorf("br0 is %+v", br)
		}
	}},
	{"star.nes", nil, star(3)},
	{"star.nes", map[string]string{"hosts": "50"}, star(50)},
	{"router.nes", nil, func(t *testing.T) {
		ping(t, "h1", "10.1.3.2")
		ping(t, "h3", "2001:db8:1:1::2")
		if got := gateway(t, "h2"); got != "10.1.2.1" {
			t.Errorf("the default route of h2 goes via %q", got)
		}
	}},
	{"ring.nes", nil, func(t *testing.T) {
		ping(t, "r0", "10.255.0.3")
		ping(t, "r5", "10.255.0.2")
		if got := len(query[route](t, "-n", "r2", "route")); got != 7 { // two links, five others
			t.Errorf("r2 has %d routes, want 7", got)
		}
	}},
	{"ring.nes", map[string]string{"routers": "3"}, func(t *testing.T) { ping(t, "r0", "10.255.0.2") }},
	{"overlay.nes", nil, func(t *testing.T) {
		ping(t, "t1-h1", "10.0.0.3")
		ping(t, "t2-h3", "10.0.0.1")
		vx := link(t, "leaf2", "vx2")
		if vx.Info.Kind != "vxlan" || vx.Info.Data.ID != 1002 || vx.Info.Data.Group != "239.1.1.2" || vx.Master != "br2" {
			t.Errorf("vx2 of leaf2 is %+v", vx)
		}
	}},
	{"macvlan.nes", nil, func(t *testing.T) {
		ping(t, "m1", "10.20.0.3")
		ping(t, "router", "10.20.0.2")
		mv := link(t, "m2", "eth0")
		if mv.Info.Kind != "macvlan" || mv.Info.Data.Mode != "bridge" || mv.Address != "02:00:00:00:01:02" {
			t.Errorf("eth0 of m2 is %+v", mv)
		}
	}},
	{"ecmp.nes", nil, func(t *testing.T) {
		ping(t, "a", "10.2.0.2")
		routes := query[route](t, "-n", "r1", "route", "show", "10.2.0.0/24")
		if len(routes) != 1 || len(routes[0].Nexthops) != 2 {
			t.Fatalf("r1 has %+v", routes)
		}
		bothCarry(t)
	}},
	{"ecmp.nes", map[string]string{"paths": "3"}, func(t *testing.T) { ping(t, "b", "10.1.0.2") }},
	{"segments.nes", nil, func(t *testing.T) {
		ping(t, "v20-h2", "10.100.10.1")
		trunk := query[vlanPort](t, "bridge", "-n", "sw", "-j", "-d", "vlan", "show", "dev", "trunk")
		if len(trunk) != 1 || len(trunk[0].VLANs) != 2 || trunk[0].VLANs[1].VLAN != 20 {
			t.Errorf("the trunk is in %+v", trunk)
		}
	}},
	{"wan.nes", nil, func(t *testing.T) {
		ping(t, "host2", "10.1.0.2")
		if wg := link(t, "site1", "wg0"); wg.Stats.TX.Packets == 0 {
			t.Errorf("wg0 of site1 is %+v", wg)
		}
	}},
	{"grid.nes", map[string]string{"side": "5"}, func(t *testing.T) {
		ping(t, "n0-0", "10.0.0.1")
		// A corner has 2 links, an edge 3, the middle 4; lo besides.
		for ns, want := range map[string]int{"n0-0": 3, "n2-0": 4, "n2-2": 5, "n4-4": 3} {
			if got := len(query[linkInfo](t, "-n", ns, "link")); got != want {
				t.Errorf("%s has %d links, want %d", ns, got, want)
			}
		}
	}},
}

// rareExamples are those that need what few kernels have.
var rareExamples = []string{"segments.nes", "wan.nes"}

// need skips the test where the kernel lacks what an example needs.
func need(t *testing.T, script string) {
	t.Helper()
	switch script {
	case "segments.nes":
		nstest.NeedBridgeVLANs(t)
		nstest.NeedKind(t, "vlan")
	case "wan.nes":
		nstest.NeedKind(t, "wireguard")
		nstest.NeedTraffic(t, "qdisc netem")
	}
}

// elsewhere reports whether other machines run an example, which the VM is too
// slow to do again.
func elsewhere(script string) bool { return nstest.InVM() && !slices.Contains(rareExamples, script) }

func TestExamples(t *testing.T) {
	for _, ex := range examples {
		if elsewhere(ex.script) {
			continue
		}
		name := ex.script
		for k, v := range ex.params {
			name += "," + k + "=" + v
		}
		t.Run(name, func(t *testing.T) {
			need(t, ex.script)
			t.Cleanup(func() { removeAll(t) })
			run(t, ex)
			ex.witness(t)
		})
	}
}

// TestEveryScriptHasAnExample fails for a script that nothing above runs.
func TestEveryScriptHasAnExample(t *testing.T) {
	files, err := filepath.Glob("*.nes")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !slices.ContainsFunc(examples, func(ex example) bool { return ex.script == file }) {
			t.Errorf("no test runs %s", file)
		}
	}
}

// TestFormatted keeps the examples as `nescript fmt` would write them.
func TestFormatted(t *testing.T) {
	files, err := filepath.Glob("*.nes")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := lang.Parse(file, src)
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		if err := lang.Fprint(&got, parsed); err != nil {
			t.Fatal(err)
		}
		if got.String() != string(src) {
			t.Errorf("%s is not formatted; nescript fmt -w mends it", file)
		}
	}
}

func run(t *testing.T, ex example) {
	t.Helper()
	src, err := os.ReadFile(ex.script)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	in, err := interp.New(interp.Params(ex.params), interp.Stdio(nil, os.Stderr, os.Stderr))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := in.RunString(ctx, ex.script, string(src)); err != nil {
		for _, d := range interp.Diagnose(err) {
			d.Render(os.Stderr, false)
		}
		t.Fatal(err)
	}
}

// linkInfo, route and addr hold what the tests look at in `ip -j -d`.
type linkInfo struct {
	Name    string   `json:"ifname"`
	Flags   []string `json:"flags"`
	Address string   `json:"address"`
	Master  string   `json:"master"`
	Info    struct {
		Kind string `json:"info_kind"`
		Data struct {
			Mode  string `json:"mode"`
			ID    int    `json:"id"`
			Group string `json:"group"`
		} `json:"info_data"`
	} `json:"linkinfo"`
	Stats struct {
		TX struct {
			Packets int `json:"packets"`
		} `json:"tx"`
	} `json:"stats64"`
}

type route struct {
	Gateway  string `json:"gateway"`
	Nexthops []struct {
		Gateway string `json:"gateway"`
	} `json:"nexthops"`
}

type vlanPort struct {
	VLANs []struct {
		VLAN int `json:"vlan"`
	} `json:"vlans"`
}

// query is `ip -j -d -s ARGS…`, or `bridge ARGS…`, decoded.
func query[T any](t *testing.T, args ...string) []T {
	t.Helper()
	cmd := exec.Command("ip", append([]string{"-j", "-d", "-s"}, args...)...)
	if args[0] == "bridge" {
		cmd = exec.Command("bridge", args[1:]...)
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ip %v: %v", args, err)
	}
	var all []T
	if err := json.Unmarshal(out, &all); err != nil {
		t.Fatalf("ip %v: %v in %q", args, err, out)
	}
	return all
}

func link(t *testing.T, ns, name string) linkInfo {
	t.Helper()
	return query[linkInfo](t, "-n", ns, "link", "show", name)[0]
}

func gateway(t *testing.T, ns string) string {
	t.Helper()
	routes := query[route](t, "-n", ns, "route", "show", "default")
	if len(routes) != 1 {
		t.Fatalf("%s has %d default routes", ns, len(routes))
	}
	return routes[0].Gateway
}

// ping is the machine's own ping, not NEScript's.
func ping(t *testing.T, ns, addr string) {
	t.Helper()
	out, err := exec.Command("ip", "netns", "exec", ns, "ping", "-n", "-c", "1", "-W", "3", addr).CombinedOutput()
	if err != nil {
		t.Errorf("ping from %s to %s: %v\n%s", ns, addr, err, out)
	}
}

func star(hosts int) func(t *testing.T) {
	return func(t *testing.T) {
		ping(t, "h2", "10.0.0.1")
		if got := len(query[linkInfo](t, "-n", "r", "link", "show", "master", "br0")); got != hosts {
			t.Errorf("br0 has %d ports, want %d", got, hosts)
		}
		if got := gateway(t, "h3"); got != "10.0.0.254" {
			t.Errorf("the default route of h3 goes via %q", got)
		}
		if got := link(t, "example", "br0").Address; got != "12:23:34:45:56:67" {
			t.Errorf("br0 of example has %q", got)
		}
	}
}

// bothCarry sends flows to many ports and demands that each of the two links
// between the routers carried some of them.
func bothCarry(t *testing.T) {
	t.Helper()
	before := [2]int{link(t, "r1", "x1").Stats.TX.Packets, link(t, "r1", "x2").Stats.TX.Packets}
	err := nsexec.Do(nsexec.NPName("a"), nsexec.NAGeneric("flows", func() error { return sendFlows("10.2.0.2", 200) }))
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"x1", "x2"} {
		if sent := link(t, "r1", name).Stats.TX.Packets - before[i]; sent < 20 {
			t.Errorf("%s carried %d of 200 flows", name, sent)
		}
	}
}

// removeAll deletes the namespaces of the private mount namespace that
// nstest.Main made: nothing of the machine's own is in sight there.
func removeAll(t *testing.T) {
	t.Helper()
	entries, err := os.ReadDir(nsexec.DefaultMountPath)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := nsexec.DeleteNamedNs(e.Name()); err != nil {
			t.Error(err)
		}
	}
}
