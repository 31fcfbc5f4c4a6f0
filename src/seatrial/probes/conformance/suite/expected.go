package suite

import (
	"embed"
	"encoding/json"
	"runtime"
	"sync"
)

// An expectation is what a platform defines in its own way. The most exact row counts: GOOS and GOARCH, then GOOS,
// then GOARCH, then the row with neither.
type expectation struct {
	Name   string `json:"name"`
	GOOS   string `json:"goos"`
	GOARCH string `json:"goarch"`
	Value  string `json:"value"`
	Source string `json:"source"`
}

//go:embed expected/*.json
var expectedFiles embed.FS

var expectations = sync.OnceValue(func() map[string][]expectation {
	all := map[string][]expectation{}
	for _, topic := range Topics {
		text, err := expectedFiles.ReadFile("expected/" + topic + ".json")
		if err != nil {
			continue // a topic need not have any
		}
		var rows []expectation
		if err := json.Unmarshal(text, &rows); err != nil {
			panic("expected/" + topic + ".json: " + err.Error())
		}
		for _, row := range rows {
			if row.Name == "" || row.Source == "" {
				panic("expected/" + topic + ".json: a row without name or source")
			}
		}
		all[topic] = rows
	}
	return all
})

func expectedFor(topic, name string) (value string, ok bool) {
	best := -1
	for _, row := range expectations()[topic] {
		if row.Name != name || row.GOOS != "" && row.GOOS != runtime.GOOS || row.GOARCH != "" && row.GOARCH != runtime.GOARCH {
			continue
		}
		exact := 0
		if row.GOOS != "" {
			exact += 2
		}
		if row.GOARCH != "" {
			exact++
		}
		if exact > best {
			best, value, ok = exact, row.Value, true
		}
	}
	return value, ok
}
