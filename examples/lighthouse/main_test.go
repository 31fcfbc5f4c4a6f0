package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Set in the environment of a test binary that is to be the program itself.
const beTheProgram = "LIGHTHOUSE_TEST_BE_THE_PROGRAM"

// Generous: an emulator on a busy machine may be twenty times slower than a processor.
const patience = 60 * time.Second

func TestMain(m *testing.M) {
	if os.Getenv(beTheProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// lighthouse returns the program, not yet started. It writes its logbook to a folder of its own.
func lighthouse(t *testing.T, arguments ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	program := exec.CommandContext(ctx, self, arguments...)
	program.Env = append(os.Environ(), beTheProgram+"=1")
	program.Dir = t.TempDir()
	return program
}

// running is a started program whose stderr is read.
type running struct {
	*exec.Cmd
	lines *bufio.Reader
	log   bytes.Buffer
	url   string
}

var address = regexp.MustCompile(`address=(\S+)`)

// start starts the program on a free port and returns once it says that it listens.
func start(t *testing.T, arguments ...string) *running {
	t.Helper()
	p := &running{Cmd: lighthouse(t, append(arguments, "-listen", "127.0.0.1:0")...)}
	stderr, err := p.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.lines = bufio.NewReader(io.TeeReader(stderr, &p.log))
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Process.Kill() })
	p.url = "http://" + address.FindStringSubmatch(p.waitFor(t, "listening"))[1]
	return p
}

// waitFor returns the next line on stderr that holds text.
func (p *running) waitFor(t *testing.T, text string) string {
	t.Helper()
	for {
		line, err := p.lines.ReadString('\n')
		if strings.Contains(line, text) {
			return line
		}
		if err != nil {
			t.Fatalf("the program ended without a word of %q: %v\n%s", text, err, &p.log)
		}
	}
}

func (p *running) get(t *testing.T, path string) string {
	t.Helper()
	response, err := http.Get(p.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s %s (%v)", path, response.Status, body, err)
	}
	return string(body)
}

func TestServes(t *testing.T) {
	p := start(t)
	if got := p.get(t, "/healthz"); got != "ok\n" {
		t.Errorf("healthz: %q", got)
	}
	response, err := http.Post(p.url+"/sightings", "application/json", strings.NewReader(`{"ship":"Fram"}`))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if got := p.get(t, "/sightings"); !strings.Contains(got, `"Fram"`) {
		t.Errorf("sightings: %s", got)
	}
}

func TestASightingOutlivesAKill(t *testing.T) {
	log := filepath.Join(t.TempDir(), "sightings.log")
	first := start(t, "-log", log)
	response, err := http.Post(first.url+"/sightings", "application/json", strings.NewReader(`{"ship":"Maud"}`))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if err := first.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	first.Wait()
	if got := start(t, "-log", log).get(t, "/sightings"); !strings.Contains(got, `"Maud"`) {
		t.Errorf("sightings after the kill: %s", got)
	}
}

func TestHowItEndsWhenItCannotStart(t *testing.T) {
	folder := t.TempDir()
	bad := filepath.Join(folder, "bad.json")
	if err := os.WriteFile(bad, []byte(`{"latitude": 91}`), 0o644); err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(folder, "damaged.log")
	if err := os.WriteFile(damaged, []byte("00000000 {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name      string
		arguments []string
		code      int
		says      string
	}{
		{"an unknown flag", []string{"-speed"}, 2, "-speed"},
		{"an argument too many", []string{"Fram"}, 2, "Fram"},
		{"no station file", []string{"-station", filepath.Join(folder, "none.json")}, 1, "none.json"},
		{"a station off the Earth", []string{"-station", bad}, 1, "latitude 91"},
		{"a damaged logbook", []string{"-log", damaged}, 1, "damaged record at byte 0"},
		{"an address of nobody", []string{"-listen", "127.0.0.1:99999"}, 1, "99999"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			program := lighthouse(t, test.arguments...)
			output, err := program.CombinedOutput()
			if got := program.ProcessState.ExitCode(); got != test.code || !bytes.Contains(output, []byte(test.says)) {
				t.Errorf("exit code %d (%v), want %d with %q:\n%s", got, err, test.code, test.says, output)
			}
		})
	}
}

func TestReadStation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "station.json")
	text := `{"name": "Eddystone", "latitude": 50.18, "longitude": -4.265, "range": 22}`
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	station, err := readStation(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(station), "{Eddystone {50.18 -4.265} 22}"; got != want {
		t.Errorf("readStation = %s, want %s", got, want)
	}
}
