package withcgo

// #include "loader.h"
import "C"

import (
	"bytes"
	"debug/elf"
	"fmt"
	"os"
	"path/filepath"
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
	}, suite.Case{
		ID:       "linking/plugin-of-another-build",
		Contract: "plugin.Open refuses a plugin that was built with another version of a package, and names the package.",
		Source:   "Go runtime/plugin.go, plugin_lastmoduleinit",
		Breaks:   "Plugins of another build are loaded, and structures of both mix: memory is corrupted.",
		Needs:    []string{"self-exec", "threads"},
		Run:      otherBuild,
	})
	suite.Helper("linking-open-plugin", func(args []string) int {
		_, err := plugin.Open(args[0])
		fmt.Println(err)
		return 0
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
	path := t.Library(pluginFile)
	if fault := faultOf(path); fault != "" && crashed(t.Self("linking-open-plugin", path).Run()) {
		second(t, path, fault)
	}
	it, err := plugin.Open(path)
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

// otherBuild changes in a copy of the plugin the hash of a package that it shares with the program.
func otherBuild(t *suite.T) {
	dynamic(t)
	content, err := os.ReadFile(t.Library(pluginFile))
	if err != nil {
		t.Unknown("%v", err)
	}
	hash := hashOf(t, content, "strings")
	other := bytes.Clone(hash)
	if !suite.Planted("linking-builds-not-told-apart") {
		other[0] ^= 1
	}
	changed := filepath.Join(t.Dir(), pluginFile)
	if err := os.WriteFile(changed, bytes.ReplaceAll(content, hash, other), 0o700); err != nil {
		t.Unknown("%v", err)
	}
	said, err := t.Self("linking-open-plugin", changed).Output()
	if fault := faultOf(t.Library(pluginFile)); fault != "" && crashed(err) {
		second(t, t.Library(pluginFile), fault)
	}
	if err != nil {
		t.Fatalf("the program ended with %v: %s", err, said)
	}
	if text := string(said); !strings.Contains(text, "plugin was built with a different version of package strings") {
		t.Errorf("plugin.Open says %q", text)
	}
}

// hashOf are the bytes that the linker wrote into a plugin to know a package by.
func hashOf(t *suite.T, content []byte, pkg string) []byte {
	file, err := elf.NewFile(bytes.NewReader(content))
	if err != nil {
		t.Unknown("the plugin cannot be read: %v", err)
	}
	symbols, _ := file.DynamicSymbols()
	for _, symbol := range symbols {
		if symbol.Name == "go:link.pkghashbytes."+pkg && int(symbol.Section) < len(file.Sections) {
			section := file.Sections[symbol.Section]
			start := symbol.Value - section.Addr + section.Offset
			return content[start : start+symbol.Size]
		}
	}
	t.Unknown("the plugin has no hash of package %s", pkg)
	return nil
}
