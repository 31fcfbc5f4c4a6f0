// Package request holds what the caller asks of the reader and what it is answered, part by part.
package request

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"sync"

	"seatrial.example/reader/gometa"
	"seatrial.example/reader/image"
)

// Request is the document on the reader's standard input.
type Request struct {
	File   string            `json:"file"`
	Offset uint64            `json:"offset"` // of the member within the file
	Size   uint64            `json:"size"`   // of the member
	Memory uint64            `json:"memory"` // bytes that the reader may use besides the mapping; 0 for any number
	Answer string            `json:"answer"` // a file to write the answer to; "" for standard output
	Image  image.Description `json:"image"`
	Wants  []Want            `json:"wants"`
}

// Want asks for one part of the answer.
type Want struct {
	Name string          `json:"name"`
	Args json.RawMessage `json:"args"`
}

// Answer holds a part for each want: facts, or Unknown.
type Answer struct {
	Parts map[string]any `json:"parts"`
}

// Unknown is a part that could not be read.
type Unknown struct {
	Reason string `json:"unknown"`
}

// Read answers a want. The metadata is nil in a binary without Go metadata that can be read.
type Read func(m *image.Image, t *gometa.Meta, args json.RawMessage) (any, error)

type registration struct {
	read    Read
	needsGo bool
}

var registered = map[string]registration{}

// Register adds a want; each package does so from its init. The metadata given to read may be nil.
func Register(name string, read Read) { registered[name] = registration{read, false} }

// RegisterGo adds a want that is unknown, with the reason, where there is no Go metadata.
func RegisterGo(name string, read Read) { registered[name] = registration{read, true} }

// Respond answers the wants of a request on a mapped image, several at a time.
func Respond(m *image.Image, wants []Want) Answer {
	parts := make([]any, len(wants))
	meta, failed := load(m)
	var group sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, want := range wants {
		slots <- struct{}{}
		group.Go(func() {
			parts[i] = respond(m, meta, failed, want)
			<-slots
		})
	}
	group.Wait()
	answer := Answer{Parts: make(map[string]any, len(wants))}
	for i, want := range wants {
		answer.Parts[want.Name] = parts[i]
	}
	return answer
}

func load(m *image.Image) (meta *gometa.Meta, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			meta, err = nil, bug("the Go metadata", fault)
		}
	}()
	return gometa.Load(m)
}

func respond(m *image.Image, meta *gometa.Meta, failed error, want Want) (part any) {
	// A file that is cut off while it is mapped gives SIGBUS: let that be the failure of one part.
	debug.SetPanicOnFault(true)
	defer func() {
		if fault := recover(); fault != nil {
			part = Unknown{bug(want.Name, fault).Error()}
		}
	}()
	entry, known := registered[want.Name]
	switch {
	case !known:
		return Unknown{fmt.Sprintf("the reader does not know the want %q", want.Name)}
	case entry.needsGo && meta == nil:
		return Unknown{failed.Error()}
	}
	part, err := entry.read(m, meta, want.Args)
	if err != nil {
		return Unknown{err.Error()}
	}
	return part
}

// Trace makes a recovered panic print its stack on standard error.
var Trace = os.Getenv("SEATRIAL_READER_TRACE") != ""

// Bug is a panic that was recovered: an error of the reader, not of the file.
type Bug struct{ what, fault string }

func (b *Bug) Error() string {
	return fmt.Sprintf("the reader failed on %s: %s; this is a bug of seatrial", b.what, b.fault)
}

// OnBug is told of every recovered panic.
var OnBug = func(*Bug) {}

func bug(what string, fault any) error {
	found := &Bug{what, fmt.Sprint(fault)}
	if Trace {
		fmt.Fprintf(os.Stderr, "%v\n%s", found, debug.Stack())
	}
	OnBug(found)
	return found
}

// Names gives the registered wants, sorted.
func Names() []string {
	var names []string
	for name := range registered {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Arguments decodes what a want was given; nothing leaves the defaults.
func Arguments(raw json.RawMessage, into any) error {
	if len(raw) == 0 {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("its arguments: %w", err)
	}
	return nil
}
