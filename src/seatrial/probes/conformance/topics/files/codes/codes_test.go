package codes

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestKindOf(t *testing.T) {
	_, absent := os.Open(filepath.Join(t.TempDir(), "absent"))
	for _, row := range []struct {
		err  error
		want Kind
	}{
		{nil, None}, {absent, NotExist}, {fmt.Errorf("wrapped: %w", fs.ErrExist), Exist},
		{&fs.PathError{Err: fs.ErrPermission}, Permission}, {fmt.Errorf("odd"), Other},
	} {
		if got := KindOf(row.err); got != row.want {
			t.Errorf("%v is %q; %q was expected", row.err, got, row.want)
		}
	}
}

func TestDescribe(t *testing.T) {
	_, err := os.Open(filepath.Join(t.TempDir(), "absent"))
	if got := Describe(err); !strings.HasSuffix(got, "[ENOENT 2]") && !strings.HasSuffix(got, "[ERROR_FILE_NOT_FOUND 2]") {
		t.Error(got)
	}
	if got := Name(99_999); got != "no known code, 99999" {
		t.Error(got)
	}
	if got := Ending(nil); got != "not ended" {
		t.Error(got)
	}
	if err := exec.Command("absent program").Run(); Describe(err) != err.Error() {
		t.Error(Describe(err))
	}
}

func TestWindowsTables(t *testing.T) {
	if name, code := NTStatus(0xC0000043); name != "STATUS_SHARING_VIOLATION" || Win32(code) != "ERROR_SHARING_VIOLATION" {
		t.Error(name, code)
	}
	for status, code := range Statuses() {
		if name, _ := NTStatus(status); Win32(code) == "" && code != status {
			t.Errorf("%s becomes %d, which has no name in the table", name, code)
		}
	}
}
