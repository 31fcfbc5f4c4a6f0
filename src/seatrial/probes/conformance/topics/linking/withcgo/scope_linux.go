package withcgo

// #include "loader.h"
import "C"

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "linking/now-refuses-missing-symbol",
		Contract: "dlopen with RTLD_NOW of a library that refers to a function that nobody has fails, and names it.",
		Source:   "dlopen(3), RTLD_NOW",
		Breaks:   "Missing parts of an installation show up in the middle of work instead of at start.",
		Run:      nowRefuses,
	}, suite.Case{
		ID:       "linking/lazy-binds-at-first-call",
		Contract: "With RTLD_LAZY such a library can be used, and only the call of the missing function ends the program.",
		Source:   "dlopen(3), RTLD_LAZY; ld.so(8), LD_BIND_NOW",
		Breaks:   "Optional parts of drivers and plug-ins cannot be left out of an installation.",
		Needs:    []string{"self-exec"},
		Run:      lazyBinds,
	}, suite.Case{
		ID:       "linking/local-is-not-shared",
		Contract: "Symbols of a library that was loaded with RTLD_LOCAL are not seen by libraries loaded later.",
		Source:   "dlopen(3), RTLD_LOCAL",
		Breaks:   "Two plug-ins with functions of equal names call each other's.",
		Run:      localHides,
	}, suite.Case{
		ID:       "linking/global-is-shared",
		Contract: "Symbols of a library that was loaded with RTLD_GLOBAL complete libraries loaded later.",
		Source:   "dlopen(3), RTLD_GLOBAL; Go plugin/plugin_dlopen.go",
		Breaks:   "Go plugins, Python and Tcl modules do not find the symbols of their hosts.",
		Run:      globalShows,
	}, suite.Case{
		ID:       "linking/first-definition-counts",
		Contract: "Of two global libraries that define one function the one that was loaded first is used.",
		Source:   "ld.so(8); System V gABI, \"Shared Object Dependencies\": breadth first, in order of loading",
		Breaks:   "Replacements of functions (allocators, tracers) do not take effect, or the wrong ones do.",
		Run:      firstCounts,
	}, suite.Case{
		ID:       "linking/preloaded-overrides",
		Contract: "A function of a library in LD_PRELOAD is used in place of libc's.",
		Source:   "ld.so(8), LD_PRELOAD",
		Breaks:   "jemalloc, faketime and vendors' licence and sanitizer libraries do nothing.",
		Needs:    []string{"self-exec"},
		Run:      preloaded,
	})
	suite.Helper("linking-call-missing", callMissing)
	suite.Helper("linking-parent", func([]string) int {
		fmt.Println(int(C.seatrial_parent()))
		return 0
	})
}

func nowRefuses(t *suite.T) {
	it, why := try(t, "libseatrial_missing.so", now)
	if it.handle != nil {
		t.Fatalf("dlopen succeeded though seatrial_missing is nowhere")
	}
	if !strings.Contains(why, "seatrial_missing") {
		t.Errorf("dlerror says %q, which does not name the function", why)
	}
}

func lazyBinds(t *suite.T) {
	dynamic(t)
	if os.Getenv("LD_BIND_NOW") != "" {
		t.NA("LD_BIND_NOW is set")
	}
	command := t.Self("linking-call-missing", t.Library("libseatrial_missing.so"))
	var errors strings.Builder
	command.Stderr = &errors
	said, err := command.Output()
	same(t, "what the program said before it called the missing function", string(said), "7\n")
	if err == nil {
		t.Errorf("the call of a function that is nowhere returned")
	}
	if text := errors.String(); !strings.Contains(text, "seatrial_missing") {
		t.Errorf("the program ended with %q (%v), which does not name the function", strings.TrimSpace(text), err)
	}
}

func callMissing(args []string) int {
	path := C.CString(args[0])
	handle := C.seatrial_open(path, lazy)
	if handle == nil {
		fmt.Fprintln(os.Stderr, "dlopen:", C.GoString(C.seatrial_error()))
		return 1
	}
	for _, name := range []string{"seatrial_present", "seatrial_ask"} {
		text := C.CString(name)
		fmt.Println(int(C.seatrial_call(C.seatrial_symbol(handle, text))))
		C.free(unsafe.Pointer(text))
	}
	return 0
}

func localHides(t *suite.T) {
	provider := load(t, "libseatrial_local.so", now)
	defer provider.close()
	same(t, "the function itself", provider.call("seatrial_local"), 1)
	it, why := try(t, "libseatrial_asks_local.so", now)
	if it.handle != nil {
		it.close()
		t.Fatalf("a library loaded later found it")
	}
	if !strings.Contains(why, "seatrial_local") {
		t.Errorf("dlerror says %q, which does not name the function", why)
	}
}

func globalShows(t *suite.T) {
	provider := load(t, "libseatrial_global.so", now|global)
	defer provider.close()
	it := load(t, "libseatrial_asks_global.so", now)
	defer it.close()
	same(t, "the function, called by a library loaded later", it.call("seatrial_ask"), 2)
}

func firstCounts(t *suite.T) {
	first := load(t, "libseatrial_first.so", now|global)
	defer first.close()
	second := load(t, "libseatrial_second.so", now|global)
	defer second.close()
	same(t, "what dlsym finds in the second", second.call("seatrial_contested"), 22)
	it := load(t, "libseatrial_asks_contested.so", now)
	defer it.close()
	same(t, "what a library loaded later calls", it.call("seatrial_ask"), 11)
}

// with is a program that starts with a library of ours preloaded.
func with(t *suite.T, command *exec.Cmd, library string, env ...string) *exec.Cmd {
	dynamic(t)
	path, err := filepath.Abs(t.Library(library))
	if err != nil {
		t.Unknown("%v", err)
	}
	command.Env = append(os.Environ(), "LD_PRELOAD="+path)
	command.Env = append(command.Env, env...)
	return command
}

func preloaded(t *suite.T) {
	said, err := with(t, t.Self("linking-parent"), "libseatrial_preloaded.so").Output()
	if err != nil {
		t.Fatalf("the program ended with %v: %s", err, said)
	}
	same(t, "the parent that getppid of the preloaded library names", string(said), "424242\n")
}
