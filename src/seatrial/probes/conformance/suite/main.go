package suite

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

const usage = `usage: conformance [--run ID,GLOB,...] [--topic TOPIC,...]   run cases, each supervised (default: all)
       conformance --list                                   the cases in this probe, one JSON object a line
       conformance --facts                                  what the probe sees of its machine
       conformance worker ID,...                            run cases in this process, unsupervised
`

// Main is the whole program: it returns the exit code (0 no failure, 1 a failure, 2 wrong usage).
func Main(args []string) int {
	if len(args) >= 2 && args[0] == helperMode && helpers[args[1]] != nil {
		return helpers[args[1]](args[2:])
	}
	patterns, mode, err := parse(args)
	var ids []string
	if err == nil {
		ids, err = chosen(patterns)
	}
	if err != nil {
		complain("%v", err)
		fmt.Fprint(os.Stderr, usage)
		return 2
	}
	switch mode {
	case "--list":
		list(ids)
		return 0
	case "--facts":
		tell(map[string]any{"facts": facts()})
		return 0
	case workerMode:
		return worker(slices.DeleteFunc(ids, func(id string) bool { return registry[id].Run == nil })) // carried ones
	}
	return supervise(ids)
}

func parse(args []string) (patterns []string, mode string, err error) {
	for len(args) > 0 {
		option := args[0]
		switch option {
		case "--list", "--facts":
			mode, args = option, args[1:]
			continue
		case "--run", "--topic", workerMode:
		default:
			return nil, "", fmt.Errorf("%q is no option", option)
		}
		if len(args) < 2 || args[1] == "" {
			return nil, "", fmt.Errorf("%s asks for a list", option)
		}
		for _, word := range strings.Split(args[1], ",") {
			if option == "--topic" {
				word += "/*"
			}
			patterns = append(patterns, word)
		}
		if option == workerMode {
			mode = workerMode
		}
		args = args[2:]
	}
	return patterns, mode, nil
}

func chosen(patterns []string) ([]string, error) {
	if len(patterns) == 0 {
		return inOrder(), nil
	}
	return selected(patterns)
}

// list writes the catalogue of this probe: what `seatrial conformance --list` is made of.
func list(ids []string) {
	out := json.NewEncoder(os.Stdout)
	out.SetEscapeHTML(false)
	for _, id := range ids {
		if row, is := foreignRow[id]; is {
			out.Encode(row)
			continue
		}
		c := registry[id]
		out.Encode(map[string]any{
			"id": c.ID, "contract": c.Contract, "source": c.Source, "breaks": c.Breaks,
			"needs": append([]string{}, c.Needs...), "seconds": c.Seconds,
		})
	}
}
