package wants

import (
	"encoding/json"

	"seatrial.example/reader/gometa"
	"seatrial.example/reader/image"
	"seatrial.example/reader/request"
)

func init() {
	request.RegisterGo("inlining", inlining)
}

type inliningArgs struct {
	Package string `json:"package"` // of the functions into which calls were inlined; "" for all
}

type inlinedInto struct {
	Function string        `json:"function"`
	Entry    uint64        `json:"entry"`
	Calls    []inlinedCall `json:"calls"`
}

type inlinedCall struct {
	Name   string `json:"name"`
	Line   int    `json:"line"`
	Parent int    `json:"parent"` // index in calls; -1 for the function itself
	Bytes  uint64 `json:"bytes"`
}

// inlining gives the functions of a package with the calls that the compiler replaced by what they call.
func inlining(_ *image.Image, t *gometa.Meta, args json.RawMessage) (any, error) {
	var asked inliningArgs
	if err := request.Arguments(args, &asked); err != nil {
		return nil, err
	}
	found := []inlinedInto{}
	for _, f := range t.Funcs() {
		if asked.Package != "" && f.Package != asked.Package {
			continue
		}
		calls := t.Inlined(f)
		if len(calls) == 0 {
			continue
		}
		one := inlinedInto{Function: f.Name, Entry: f.Entry}
		for _, c := range calls {
			size := uint64(0)
			for _, r := range c.Ranges {
				size += r.End - r.Start
			}
			one.Calls = append(one.Calls, inlinedCall{c.Name, c.Line, c.Parent, size})
		}
		found = append(found, one)
	}
	return struct {
		Functions []inlinedInto `json:"functions"`
	}{found}, nil
}
