package suite

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

// T is what a running case speaks to. Its methods may be called from any goroutine, except those that end the case
// (Fatalf, NA, Unknown), which belong to the goroutine that runs the case.
type T struct {
	id      string
	scale   float64
	lock    sync.Mutex
	state   string
	details []string
	values  map[string]any
	dirs    int
}

// Errorf says that the contract does not hold, and goes on.
func (t *T) Errorf(format string, args ...any) { t.add(Fail, format, args) }

// Fatalf says that the contract does not hold, and ends the case.
func (t *T) Fatalf(format string, args ...any) {
	t.add(Fail, format, args)
	runtime.Goexit()
}

// NA says why the case does not apply here, and ends it.
func (t *T) NA(format string, args ...any) {
	t.add(NotApplicable, format, args)
	runtime.Goexit()
}

// Unknown says what is missing to decide the case here, and ends it.
func (t *T) Unknown(format string, args ...any) {
	t.add(Unknown, format, args)
	runtime.Goexit()
}

// add keeps the worst state: what has failed stays failed.
func (t *T) add(state, format string, args []any) {
	t.lock.Lock()
	defer t.lock.Unlock()
	if t.state == Fail && state != Fail {
		return
	}
	t.state = state
	if len(t.details) < mostDetails {
		t.details = append(t.details, fmt.Sprintf(format, args...))
	}
}

const mostDetails = 20

// Value records something that was seen and is worth showing or comparing between platforms.
func (t *T) Value(name string, v any) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.values[name] = v
}

// Expected is the platform's own value of something that platforms may define otherwise: expected/<topic>.json.
func (t *T) Expected(name string) (value string, ok bool) { return expectedFor(topicOf(t.id), name) }

// Dir is an empty folder of the case's own. It is removed in the end.
func (t *T) Dir() string {
	if root() == "" {
		t.Unknown("no folder to work in can be made in %s", os.TempDir())
	}
	t.lock.Lock()
	t.dirs++
	name := filepath.Join(root(), strings.ReplaceAll(t.id, "/", "-")+fmt.Sprint("-", t.dirs))
	t.lock.Unlock()
	if err := os.MkdirAll(name, 0o700); err != nil {
		t.Unknown("no folder to work in: %v", err)
	}
	return name
}

// Self is this program again, in a helper mode. Its stderr goes to this program's stderr; stdout is the caller's.
func (t *T) Self(mode string, args ...string) *exec.Cmd {
	if _, known := helpers[mode]; !known {
		t.Fatalf("this is a mistake in the case: no helper is named %q", mode)
	}
	if why := lacking("self-exec"); why != "" {
		t.Unknown("needs programs that start themselves: %s", why)
	}
	self, err := os.Executable()
	if err != nil {
		t.Unknown("this program does not know its own path: %v", err)
	}
	command := exec.Command(self, append([]string{helperMode, mode}, args...)...)
	command.Stderr = os.Stderr
	command.WaitDelay = 2 * time.Second
	return command
}

// Patience is a duration that fits this runner: natively as given, longer where everything takes longer.
func (t *T) Patience(natively time.Duration) time.Duration {
	return time.Duration(float64(natively) * t.scale)
}

// Library is the path of one of the libraries that are built with the cgo probe (libraries/<name>), by file name.
func (t *T) Library(name string) string {
	place := filepath.Join(os.Getenv(librariesEnv), name)
	if os.Getenv(librariesEnv) == "" {
		t.NA("no libraries came with this probe (%s is not set)", librariesEnv)
	}
	if _, err := os.Stat(place); err != nil {
		why, _ := os.ReadFile(place + ".reason")
		if len(why) == 0 {
			t.Unknown("%s did not come with this probe", name)
		}
		t.NA("%s was not built for this port: %s", name, strings.TrimSpace(string(why)))
	}
	return place
}

// run runs the case to its end and says what came out.
func run(c Case) Result {
	began := time.Now()
	t := &T{id: c.ID, scale: timeFactor(), state: Pass, values: map[string]any{}}
	if state, why := undecidable(c); state != "" {
		return Result{Case: c.ID, State: state, Detail: why}
	}
	ended := make(chan struct{})
	// A goroutine of its own: Goexit ends it, and a thread that the case locked and spoiled ends with it.
	go func() {
		defer close(ended)
		defer func() {
			if fault := recover(); fault != nil {
				t.Errorf("panic: %v\n%s", fault, trimmedStack())
			}
		}()
		c.Run(t)
	}()
	<-ended
	t.lock.Lock()
	defer t.lock.Unlock()
	result := Result{Case: c.ID, State: t.state, Detail: strings.Join(t.details, "\n"), Values: t.values}
	if state, why := notProof(c); result.State == Pass && state != "" {
		result.State, result.Detail = state, why
	}
	result.Seconds = time.Since(began).Seconds()
	return result
}

// trimmedStack leaves out the frames of the panic itself.
func trimmedStack() string {
	lines := strings.Split(string(debug.Stack()), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "panic(") && len(lines) > i+2 {
			lines = lines[i+2:]
			break
		}
	}
	if len(lines) > 8 {
		lines = lines[:8]
	}
	return strings.Join(lines, "\n")
}
