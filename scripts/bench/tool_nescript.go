//go:build linux

package main

// nescriptTool is the built binary, with undo and journal on as they always are.
var nescriptTool = tool{
	name: "nescript", about: "nescript up and down, undo and journal on",
	does: map[task]func(*job) ([]string, error){
		build: func(j *job) ([]string, error) {
			src, params := j.workload.script(j.workload.n)
			path, err := j.write("bench.nes", src)
			return append([]string{j.NEScript, "up", "--quiet", "--name", labName, path}, params...), err
		},
		down: func(j *job) ([]string, error) { return []string{j.NEScript, "down", "--quiet", labName}, nil },
		check: func(j *job) ([]string, error) {
			src, _ := j.workload.script(j.workload.n)
			path, err := j.write("bench.nes", src)
			return []string{j.NEScript, "check", path}, err
		},
	},
	waits: true,
}

const labName = "bench"
