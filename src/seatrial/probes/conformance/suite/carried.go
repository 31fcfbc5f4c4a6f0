package suite

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// An exported probe carries the cgo probe with it, so that one file holds all cases:
//
//	payload/cases.json     the cases of the cgo probe, as in the catalogue
//	payload/probe(.exe)    the program; payload/absent with the reason in its place where it could not be built
//	payload/libraries/     what it loads
var (
	payload    fs.FS
	foreign    = map[string]float64{} // the cgo probe's cases, with their time limits
	foreignRow = map[string]json.RawMessage{}
)

// Carry makes the cases of an embedded cgo probe part of this program's plan.
func Carry(files fs.FS) {
	payload = files
	text, err := fs.ReadFile(files, "payload/cases.json")
	var rows []json.RawMessage
	if err == nil {
		err = json.Unmarshal(text, &rows)
	}
	if err != nil {
		panic("payload/cases.json: " + err.Error())
	}
	for _, row := range rows {
		var c struct {
			ID      string  `json:"id"`
			Seconds float64 `json:"seconds"`
		}
		if json.Unmarshal(row, &c) == nil {
			foreign[c.ID], foreignRow[c.ID] = c.Seconds, row
		}
	}
}

// unpack writes the cgo probe into the folder of this run and tries it. why is the reason when it cannot be used.
func unpack() (program, libraries, why string) {
	if reason, err := fs.ReadFile(payload, "payload/absent"); err == nil {
		return "", "", strings.TrimSpace(string(reason))
	}
	if root() == "" {
		return "", "", "no folder to unpack it to can be made in " + os.TempDir()
	}
	place := filepath.Join(root(), "carried")
	if err := os.CopyFS(place, payload); err != nil {
		return "", "", err.Error()
	}
	program = filepath.Join(place, "payload", "probe")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	if err := os.Chmod(program, 0o700); err != nil {
		return "", "", err.Error()
	}
	// A folder that is mounted noexec, or a C library that is missing or too old, shows here.
	if said, err := exec.Command(program, "--facts").CombinedOutput(); err != nil {
		return "", "", strings.TrimSpace(err.Error() + "\n" + string(said))
	}
	return program, filepath.Join(place, "payload", "libraries"), ""
}
