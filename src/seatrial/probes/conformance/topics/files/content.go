package files

import (
	"os"
	"path/filepath"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/files/codes"
)

// put writes a file anew, and gives its path back.
func put(t *suite.T, path, text string) string {
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatalf("writing %s: %s", filepath.Base(path), codes.Describe(err))
	}
	return path
}

// holds asserts what is in a file.
func holds(t *suite.T, path, want string) {
	got, err := os.ReadFile(path)
	if err != nil {
		t.Errorf("reading %s: %s", filepath.Base(path), codes.Describe(err))
	} else if string(got) != want {
		t.Errorf("%s holds %.80q; %.80q was expected", filepath.Base(path), got, want)
	}
}

// opened opens a file that the case then closes with the process's end, or itself.
func opened(t *suite.T, path string, flags int) *os.File {
	file, err := os.OpenFile(path, flags, 0o644)
	if err != nil {
		t.Fatalf("opening %s: %s", filepath.Base(path), codes.Describe(err))
	}
	return file
}

// works asserts that something was done.
func works(t *suite.T, what string, err error) {
	if err != nil {
		t.Fatalf("%s: %s", what, codes.Describe(err))
	}
}

// fails asserts that something was refused, and how programs are told.
func fails(t *suite.T, what string, err error, want codes.Kind) {
	if got := codes.KindOf(err); got != want {
		t.Errorf("%s: %s (%s); %s was expected", what, got, codes.Describe(err), want)
	}
}
