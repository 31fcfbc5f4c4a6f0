package suite

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"
)

// supervise runs cases in workers (this program again). Whatever case a worker was at when it ended, or when the
// case's time was over, is charged with it, and the rest goes on in a fresh worker.
func supervise(ids []string) int {
	tell(map[string]any{"plan": ids})
	tell(map[string]any{"facts": facts()})
	code := 0
	report := func(r Result) {
		if r.State == Fail {
			code = 1
		}
		tell(r)
	}
	isCarried := func(id string) bool { _, here := registry[id]; return !here }
	own := slices.DeleteFunc(slices.Clone(ids), isCarried)
	carried := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !isCarried(id) })
	if why := cannotSelfExec(); why != "" {
		complain("cases run in this process, unsupervised: %s", why)
		told()["self-exec"] = why
		for _, id := range own {
			report(run(registry[id]))
		}
	} else {
		self, _ := os.Executable()
		inWorkers(self, os.Environ(), own, report)
	}
	if len(carried) > 0 {
		superviseCarried(carried, report)
	}
	clean()
	tell(map[string]any{"end": map[string]any{"cases": len(ids)}})
	return code
}

// superviseCarried runs the cases of the cgo probe that this program carries.
func superviseCarried(ids []string, report func(Result)) {
	program, libraries, why := unpack()
	if why != "" {
		for _, id := range ids {
			report(Result{Case: id, State: NotApplicable, Detail: "the probe of the cases that take C does not run here: " + why})
		}
		return
	}
	inWorkers(program, append(os.Environ(), librariesEnv+"="+libraries), ids, report)
}

func inWorkers(program string, env, ids []string, report func(Result)) {
	for left := ids; len(left) > 0; {
		done, ended := runWorker(program, env, left, report)
		left = left[done:]
		if len(left) == 0 {
			return
		}
		charged := Result{Case: left[0], State: Fail, Detail: ended.detail, Ended: ended.how, Seconds: ended.seconds}
		report(charged)
		left = left[1:]
	}
}

// ending is how a worker ended before it had reported all its cases.
type ending struct {
	how     string
	detail  string
	seconds float64
}

// runWorker starts a worker for the cases and passes its results on, in order. It returns how many came.
func runWorker(program string, env, ids []string, report func(Result)) (done int, ended ending) {
	command := exec.Command(program, workerMode, strings.Join(ids, ","))
	command.Env = append(env, rootEnv+"="+root())
	command.WaitDelay = 2 * time.Second
	ownGroup(command)
	said := &tail{}
	command.Stderr = said
	out, err := command.StdoutPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		return 0, ending{how: "not started", detail: err.Error()}
	}
	results := make(chan Result)
	go readResults(out, results, said)
	began := time.Now()
	overtime := false
	limit := time.NewTimer(limitOf(ids[0]))
	for open := true; open; {
		select {
		case r, more := <-results:
			if open = more; !more {
				break
			}
			if done == len(ids) || r.Case != ids[done] {
				continue // some program's own words that look like a result
			}
			report(r)
			began = time.Now()
			if done++; done < len(ids) {
				limit.Reset(limitOf(ids[done]))
			} else {
				limit.Reset(lastWords)
			}
		case <-limit.C:
			overtime = true
			stop(command, results)
			open = false
		}
	}
	killGroup(command)
	err = command.Wait()
	if done == len(ids) {
		return done, ending{}
	}
	ended = ending{seconds: time.Since(began).Seconds()}
	switch {
	case overtime:
		ended.how = "time limit"
		ended.detail = fmt.Sprintf("did not end within %v", limitOf(ids[done]))
	case err != nil:
		ended.how = err.Error()
		ended.detail = "ended the process: " + err.Error()
	default:
		ended.how = "exit status 0"
		ended.detail = "ended the process: exit status 0"
	}
	if words := said.text(); words != "" {
		ended.detail += "\n" + words
	}
	return done, ended
}

// lastWords is how long a worker that has reported everything may take to exit.
const lastWords = 5 * time.Second

func limitOf(id string) time.Duration {
	seconds := registry[id].Seconds + foreign[id] // each is in one of the two
	return time.Duration(seconds * timeFactor() * float64(time.Second))
}

// stop asks the worker for its goroutines (SIGQUIT, where there are signals), then kills it and its children.
func stop(command *exec.Cmd, results <-chan Result) {
	askForStacks(command)
	patience := time.After(2 * time.Second)
	for {
		select {
		case _, more := <-results:
			if !more {
				return
			}
		case <-patience:
			killGroup(command)
			go func() {
				for range results {
				}
			}()
			return
		}
	}
}

func readResults(out io.Reader, results chan<- Result, said *tail) {
	defer close(results)
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadBytes('\n')
		var r Result
		if json.Unmarshal(line, &r) == nil && slices.Contains([]string{Pass, Fail, NotApplicable, Unknown}, r.State) {
			results <- r
		} else {
			said.Write(line)
		}
		if err != nil {
			return
		}
	}
}

// tail keeps the beginning and the end of what a worker said beside its results.
type tail struct {
	lock  sync.Mutex
	first []byte
	last  []byte
}

const (
	keptFirst = 1500
	keptLast  = 1000
)

func (t *tail) Write(text []byte) (int, error) {
	t.lock.Lock()
	defer t.lock.Unlock()
	size := len(text)
	if room := keptFirst - len(t.first); room > 0 {
		part := text[:min(room, len(text))]
		t.first, text = append(t.first, part...), text[len(part):]
	}
	t.last = append(t.last, text...)
	if extra := len(t.last) - keptLast; extra > 0 {
		t.last = append([]byte("...\n"), t.last[extra:]...)
	}
	return size, nil
}

func (t *tail) text() string {
	t.lock.Lock()
	defer t.lock.Unlock()
	return strings.TrimSpace(string(t.first) + string(t.last))
}

func init() {
	Helper("ping", func([]string) int {
		fmt.Println("pong")
		return 0
	})
}

// cannotSelfExec tries it: under user-mode emulation it needs help from the kernel (binfmt_misc).
func cannotSelfExec() string {
	if why := lacking("self-exec"); why != "" {
		return why
	}
	self, err := os.Executable()
	if err != nil {
		return err.Error()
	}
	out, err := exec.Command(self, helperMode, "ping").Output()
	if err != nil {
		return err.Error()
	}
	if strings.TrimSpace(string(out)) != "pong" {
		return fmt.Sprintf("started itself, and heard %q", out)
	}
	return ""
}
