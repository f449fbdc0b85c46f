//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// config is what the runner and the process inside have in common.
type config struct {
	NEScript string            // the binary
	Python   map[string]string // the interpreters that have modules
}

// request is what the process inside is to do.
type request struct {
	config
	Tool, Workload string
	Ask            string // if not empty, a shell's command about what has been built
}

// result is what came of it.
type result struct {
	Seconds float64 `json:"seconds"`
	User    float64 `json:"user_seconds"`
	System  float64 `json:"system_seconds"`
	RSS     int64   `json:"rss_bytes"`               // the most that one process had at a time
	After   float64 `json:"after_seconds,omitempty"` // see takeDown
	Answer  string  `json:"answer,omitempty"`        // what it wrote
	Error   string  `json:"error,omitempty"`
}

// runInside has a process in fresh namespaces run a tool over a workload.
func runInside(req request) (result, error) {
	arg, err := json.Marshal(req)
	if err != nil {
		return result{}, err
	}
	cmd := exec.Command("/proc/self/exe", "inside", string(arg))
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWNET, Pdeathsig: unix.SIGKILL}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	if errors.Is(err, unix.EPERM) {
		return result{}, fmt.Errorf("this needs root: %w", err)
	}
	if err != nil {
		return result{}, fmt.Errorf("%w: %s", err, stderr.Bytes())
	}
	var res result
	if err := json.Unmarshal(stdout.Bytes(), &res); err != nil {
		return result{}, fmt.Errorf("%w in %q", err, stdout.Bytes())
	}
	if res.Error != "" {
		return res, errors.New(res.Error)
	}
	return res, nil
}

// insideMain is the process inside.
func insideMain(args []string) error {
	var req request
	if err := json.Unmarshal([]byte(args[0]), &req); err != nil {
		return err
	}
	res, err := req.do()
	if err != nil {
		res.Error = err.Error()
	}
	return json.NewEncoder(os.Stdout).Encode(res)
}

const workDir = "/run/bench"

// furnish gives the process a /run of its own. Nothing of what it mounts is
// seen outside.
func furnish() error {
	if err := unix.Mount("", "/", "", unix.MS_PRIVATE|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Mount("tmpfs", "/run", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, ""); err != nil {
		return fmt.Errorf("mount /run: %w", err)
	}
	return os.Mkdir(workDir, 0o755)
}

func (req request) do() (result, error) {
	t, err := findTool(req.Tool)
	if err != nil {
		return result{}, err
	}
	w, err := parseWorkload(req.Workload)
	if err != nil {
		return result{}, err
	}
	if err := furnish(); err != nil {
		return result{}, err
	}
	j := &job{config: req.config, workload: w, plan: w.plan(w.n), dir: workDir}
	if w.does == check {
		return j.timed(t.does[check])
	}
	res, end, err := j.built(t)
	if err != nil {
		return res, err
	}
	defer end()
	got, err := look()
	if err != nil {
		return res, err
	}
	if err := compare(j.plan.lines(), got); err != nil {
		return res, err
	}
	if req.Ask != "" {
		answer, err := exec.Command("sh", "-c", req.Ask).CombinedOutput()
		if res.Answer = string(answer); err != nil {
			return res, fmt.Errorf("%s: %w: %s", req.Ask, err, answer)
		}
	}
	if w.does == down {
		return j.takeDown(t, res)
	}
	return res, nil
}

// built has a tool build the plan. end is called when that has been looked at.
func (j *job) built(t tool) (res result, end func(), err error) {
	if !t.stays {
		res, err := j.timed(t.does[build])
		return res, func() {}, err
	}
	cmd, output, err := j.command(t.does[build])
	if err != nil {
		return res, nil, err
	}
	took, s, err := startStaying(cmd)
	if err != nil {
		return res, nil, fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, bytes.TrimSpace(output.Bytes()))
	}
	return result{Seconds: took.Seconds()}, func() { _ = s.end() }, nil
}

// command is the program that f names. What it writes to standard error is in
// output.
func (j *job) command(f func(*job) ([]string, error)) (cmd *exec.Cmd, output *bytes.Buffer, err error) {
	argv, err := f(j)
	if err != nil {
		return nil, nil, err
	}
	output = &bytes.Buffer{}
	cmd = exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Stderr = j.dir, output
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL} // nothing goes on when a run is stopped
	return cmd, output, nil
}

// timed runs the program that f names, from its start to its end.
func (j *job) timed(f func(*job) ([]string, error)) (result, error) {
	cmd, output, err := j.command(f)
	if err != nil {
		return result{}, err
	}
	cmd.Stdout = output
	start := time.Now()
	err = cmd.Run()
	took := time.Since(start)
	if err != nil {
		return result{}, fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, bytes.TrimSpace(output.Bytes()))
	}
	res := result{Seconds: took.Seconds()}
	res.measure(cmd.ProcessState)
	return res, nil
}

// measure notes what a process that has ended, and those that it waited for,
// have used. The most memory is at least that of the process that started it.
func (res *result) measure(p *os.ProcessState) {
	usage := p.SysUsage().(*syscall.Rusage)
	res.User = time.Duration(usage.Utime.Nano()).Seconds()
	res.System = time.Duration(usage.Stime.Nano()).Seconds()
	res.RSS = usage.Maxrss << 10
}
