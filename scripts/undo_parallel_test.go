//go:build linux

package scripts_test

import (
	"testing"

	"github.com/nescript/nescript/nsexec/nstest"
)

// contending are statements that change the same older thing at the same time.
// Which comes first is chance, and either may fail for the other.
var contending = []string{
	"ensure tap hbr user 0; set hbr name m3 up",
	"ensure bridge hbr up; set hbr name m3 up",
	"ensure tap ht user 0; try < del ht > catch < >",
	"try < replace bridge hbr > catch < >; try < del hbr > catch < >",
	"try < replace bridge hbr > catch < >; try < set hbr name m3 > catch < >",
	"in ns old1 < replace route 10.20.0.0/16 via 10.1.0.9 >; in ns old1 < try < del route 10.20.0.0/16 > catch < > >",
	"in ns old1 < try < replace addr e0 10.77.0.1/24 > catch < > >; in ns old1 < try < del e0 > catch < > >",
	"in ns old1 < replace ns nn; try < del ns nn > catch < > >; try < ns nn > catch < >",
	"try < del ns old2 > catch < >; try < in ns old2 < bridge m1 > > catch < >",
	"try < del ns old2 > catch < >; try < ns old2 > catch < >",
	"in ns old1 < try < del y0 > catch < > >; in ns old2 < try < set y0 name m1 > catch < > >",
	"in ns old1 < try < master y0 br0 > catch < > >; in ns old2 < try < del y0 > catch < > >",
	"in ns old1 < try < del y0 > catch < > >; in ns old2 < try < del y0 > catch < > >",
	"try < move hv0 ns old1 > catch < >; try < set hv0 name m3 > catch < >",
	"try < move hv0 ns old1 > catch < >; try < del hv0 > catch < >",
	"try < move hv0 ns old1 > catch < >; try < addr hv0 10.9.0.1/24 > catch < >",
	"try < del ns old2 > catch < >; in ns old1 < try < del y0 > catch < > >",
	"try < del ns old2 > catch < >; in ns old1 < try < set y0 name m1 > catch < > >",
	"try < del ns old2 > catch < >; in ns old1 < try < addr y0 10.9.0.1/24 > catch < > >",
	"try < del ns old1 > catch < >; try < del ns old2 > catch < >",
	"try < flush addr hv0 > catch < >; try < del addr hv0 10.0.0.2/24 > catch < >; try < addr hv0 10.0.0.9/24 > catch < >",
	"try < down hv0 > catch < >; try < up hv0 > catch < >; try < set hv0 mtu 1400 > catch < >",
}

// TestUndo_contending: the branches of a `parallel` take turns where they change
// what is older, so that what each notes is what it finds.
func TestUndo_contending(t *testing.T) {
	nstest.NoLeaks(t)
	w := newWorld(t, manyOlder)
	for _, both := range contending {
		t.Run(both, func(t *testing.T) {
			for range nstest.Sample(100, 6, 3) {
				err := attempt(t, "contending", "parallel < "+both+" >\nfail 'at the end'\n", nil, &faults{at: -1})
				if err == nil {
					t.Fatal("the run passed")
				}
				diff := w.left(t)
				if diff != "" {
					w.remake(t)
				}
				if diff != "" || isLeft(err) {
					t.Fatalf("failed (%v) and changed\n%s", err, head(diff, 60))
				}
			}
		})
	}
}
