//go:build linux

package journal_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/nescript/nescript/nsexec/journal"
)

// appendForever appends numbered lines and says each number once it is safe.
func appendForever(dir journal.Dir) error {
	j, err := dir.Create("a", head)
	if err != nil {
		return err
	}
	for i := 1; ; i++ {
		if _, err := j.Append(fmt.Sprintf("line %d %s", i, strings.Repeat("x", i%5000))); err != nil {
			return err
		}
		fmt.Println(i)
	}
}

// TestAppend_killed: what Append has returned for is there after SIGKILL.
func TestAppend_killed(t *testing.T) {
	dir := newDir(t)
	for round := range 20 {
		cmd := asRole(t, "append", dir)
		out, err := cmd.StdoutPipe()
		noError(t, err)
		noError(t, cmd.Start())
		said := 0
		for in := bufio.NewScanner(out); in.Scan(); {
			if said, err = strconv.Atoi(in.Text()); err != nil {
				t.Fatal(err)
			}
			if said == 10+37*round {
				noError(t, cmd.Process.Kill())
			}
		}
		if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
			t.Fatalf("it was not killed: %v", err)
		}
		if got := list(t, dir)["a"]; got != journal.Interrupted {
			t.Errorf("it is %s", got)
		}
		j := open(t, dir, "a")
		got := entriesOf(t, j)
		if len(got) < said {
			t.Errorf("%d lines are there, of %d", len(got), said)
		}
		for i, line := range got {
			if want := fmt.Sprintf("line %d %s", i+1, strings.Repeat("x", (i+1)%5000)); line != want {
				t.Fatalf("line %d is %q", i+1, line)
			}
		}
		noError(t, j.Remove())
	}
}

// fightRounds is what each of those does who want the same name.
const fightRounds = 300

// fight makes, opens, lists and removes journals of one name while others do
// the same. Whoever has one must have it alone: nobody else's lines are in it,
// and it has its name.
func fight(dir journal.Dir) error {
	mine := fmt.Sprintf("of %d", os.Getpid())
	for i := range fightRounds {
		if err := fightOnce(dir, mine); err != nil {
			return fmt.Errorf("round %d: %w", i, err)
		}
		infos, err := dir.List()
		if err != nil {
			return err
		}
		for _, info := range infos {
			if info.State != journal.Running && info.State != journal.Interrupted {
				return fmt.Errorf("%s is %s", info.Name, info.State)
			}
		}
	}
	return nil
}

func fightOnce(dir journal.Dir, mine string) error {
	j, err := dir.Create("a", head)
	var there *journal.ExistsError
	switch {
	case errors.As(err, &there):
		return fightOpen(dir)
	case err != nil:
		return err
	}
	if _, err := j.Append(mine); err != nil {
		return err
	}
	text, err := os.ReadFile(j.Path())
	if err != nil || strings.Count(string(text), "defer ") != 1 || !strings.HasSuffix(string(text), "defer "+mine+"\n") {
		return fmt.Errorf("mine is %q, %v", text, err)
	}
	if os.Getpid()%2 == 0 {
		return j.Close()
	}
	return j.Remove()
}

func fightOpen(dir journal.Dir) error {
	j, err := dir.Open("a")
	var none *journal.NoLabError
	var busy *journal.BusyError
	switch {
	case errors.As(err, &none), errors.As(err, &busy):
		return nil
	case err != nil:
		return err
	}
	if _, err := os.Stat(j.Path()); err != nil {
		return fmt.Errorf("what was opened is not there: %w", err)
	}
	return j.Remove()
}

func TestRaces(t *testing.T) {
	dir := newDir(t)
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			if err := asRole(t, "fight", dir).Run(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// TestOpen_whileListed: somebody who looks keeps nobody out.
func TestOpen_whileListed(t *testing.T) {
	dir := newDir(t)
	noError(t, create(t, dir, "a").Close())
	stop := make(chan struct{})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := dir.List(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 1000 {
		j, err := dir.Open("a")
		if err != nil {
			t.Error(err)
			break
		}
		noError(t, j.Close())
	}
	close(stop)
	all.Wait()
}
