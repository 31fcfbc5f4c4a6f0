package suite

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"sync"
)

// The states of a case.
const (
	Pass          = "pass"
	Fail          = "fail"
	NotApplicable = "n/a"
	Unknown       = "unknown"
)

// A Result is one line of the protocol. The lines are JSON objects on stdout, each written as it happens:
//
//	{"plan":["topic/case",...]}          what will be run, first
//	{"facts":{...}}                      what the probe sees of its machine
//	{"case":"topic/case","state":...}    a Result, for each planned case exactly one
//	{"end":{"cases":n}}                  last; without it the run was cut short
//
// A reader passes over lines that are none of these.
type Result struct {
	Case    string         `json:"case"`
	State   string         `json:"state"`
	Detail  string         `json:"detail"`
	Values  map[string]any `json:"values"`
	Seconds float64        `json:"seconds"`
	// Ended says how the process ended that the case took with it ("signal: segmentation fault"), or "time limit".
	Ended string `json:"ended,omitempty"`
}

// What the starter of a probe may set.
const (
	lacksEnv     = "SEATRIAL_LACKS"       // abilities that are missing: {"real-time":"an emulator's clock"}
	factorEnv    = "SEATRIAL_TIME_FACTOR" // how much longer than natively a case may take
	librariesEnv = "SEATRIAL_LIBRARIES"   // the folder of the libraries built with the cgo probe
	rootEnv      = "SEATRIAL_CASES_DIR"   // where cases may write; set by the supervisor for its workers
)

const (
	workerMode = "worker"
	helperMode = "helper"
)

var stdout sync.Mutex

// tell writes one line of the protocol.
func tell(line any) {
	if result, ok := line.(Result); ok && result.Values == nil {
		result.Values = map[string]any{}
		line = result
	}
	text, err := json.Marshal(line)
	if err != nil {
		result, _ := line.(Result)
		text, _ = json.Marshal(Result{
			Case: result.Case, State: Fail, Detail: "a value of this case cannot be written as JSON: " + err.Error(),
			Values: map[string]any{},
		})
	}
	stdout.Lock()
	defer stdout.Unlock()
	os.Stdout.Write(append(text, '\n'))
}

func complain(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "conformance: "+format+"\n", args...)
}

func timeFactor() float64 {
	factor, err := strconv.ParseFloat(os.Getenv(factorEnv), 64)
	if err != nil || factor <= 0 {
		return 1
	}
	return factor
}
