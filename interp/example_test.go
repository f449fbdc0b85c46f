//go:build linux

package interp_test

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/nescript/nescript/builtins"
	"github.com/nescript/nescript/interp"
	"github.com/nescript/nescript/lang"
)

func Example() {
	in, err := interp.New(interp.Stdio(nil, os.Stdout, os.Stderr), interp.Vars(map[string]any{"hosts": 3}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer in.Close()
	err = in.RunString(context.Background(), "hello.nes", `
let net = 10.0.0.0/24
for i in 1..hosts < print h$i (net[i]) >
`)
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// h1 10.0.0.1/24
	// h2 10.0.0.2/24
	// h3 10.0.0.3/24
}

func ExampleInterp_Check() {
	in, err := interp.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer in.Close()
	err = in.CheckString("lab.nes", "ns a\nbrdge br0\nup $br\n")
	for _, d := range interp.Diagnose(err) {
		fmt.Println(d, d.Help)
	}
	// Output:
	// lab.nes:2:1: unknown verb "brdge" [did you mean "bridge"?]
	// lab.nes:3:4: variable "br" is not declared []
}

func ExampleInterp_Plan() {
	in, err := interp.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer in.Close()
	f, err := lang.Parse("lab.nes", []byte(`for i in 1..2 < ns h$i < bridge br$i up > >`))
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := in.Plan(context.Background(), f, os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	// ns h1
	// in ns h1 <
	//     bridge br1 up
	// >
	// ns h2
	// in ns h2 <
	//     bridge br2 up
	// >
}

func ExampleOnCall() {
	watch := func(next interp.CallFunc) interp.CallFunc {
		return func(ctx context.Context, call *builtins.Call) error {
			start := time.Now()
			err := next(ctx, call)
			fmt.Println(call, "took long:", time.Since(start) > time.Minute)
			return err
		}
	}
	in, err := interp.New(interp.OnCall(watch))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer in.Close()
	if err := in.RunString(context.Background(), "x.nes", `print a; print b`); err != nil {
		fmt.Println(err)
	}
	// Output:
	// print a took long: false
	// print b took long: false
}
