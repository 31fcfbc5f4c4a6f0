package withcgo

// #include "loader.h"
import "C"

import (
	"plugin"
	"strings"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "linking/plugin-open",
		Contract: "plugin.Open loads a Go plugin once, and its functions and variables are the program's.",
		Source:   "Go package plugin; cmd/go, \"Build modes\": plugin",
		Breaks:   "Programs extended by plugins (Tyk, Traefik's native ones) cannot be used.",
		Needs:    []string{"threads"},
		Run:      openPlugin,
	}, suite.Case{
		ID:       "linking/plugin-errors",
		Contract: "plugin.Open of a missing file and Lookup of a missing name fail with texts that name them.",
		Source:   "Go plugin/plugin_dlopen.go",
		Breaks:   "Nobody can tell why an extension is not loaded.",
		Run:      pluginErrors,
	})
}

func openPlugin(t *suite.T) {
	it := opened(t)
	again, err := plugin.Open(t.Library(pluginFile))
	if err != nil || again != it {
		t.Errorf("opened twice it is another plugin (%v)", err)
	}
	say, err := it.Lookup("Say")
	if err != nil {
		t.Fatalf("%v", err)
	}
	function, ok := say.(func(...string) string)
	if !ok {
		t.Fatalf("Say is a %T, expected func(...string) string", say)
	}
	same(t, "what the function returned", function("one", "two"), "one+two")
	variable, err := it.Lookup("Said")
	if err != nil {
		t.Fatalf("%v", err)
	}
	text, ok := variable.(*string)
	if !ok {
		t.Fatalf("Said is a %T, expected *string", variable)
	}
	same(t, "what the function left in the variable", *text, "one+two")
}

const pluginFile = "seatrial_goplugin.so"

func opened(t *suite.T) *plugin.Plugin {
	dynamic(t)
	it, err := plugin.Open(t.Library(pluginFile))
	if err != nil {
		t.Fatalf("%v", err)
	}
	return it
}

func pluginErrors(t *suite.T) {
	it := opened(t)
	if _, err := it.Lookup("Absent"); err == nil || !strings.Contains(err.Error(), "Absent") {
		t.Errorf("Lookup of a missing name: %v", err)
	}
	if _, err := plugin.Open("/nowhere/absent.so"); err == nil || !strings.Contains(err.Error(), "absent.so") {
		t.Errorf("Open of a missing file: %v", err)
	}
}
