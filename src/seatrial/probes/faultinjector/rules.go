//go:build linux && amd64

package main

import (
	"bytes"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"
)

// A ruleText is a rule as written (README.md of the conformance suite describes the fields).
type ruleText struct {
	Syscall      oneOrMore        `json:"syscall"`
	Args         map[string]int64 `json:"args"`
	Path         map[string]string
	Nth          int
	Every        int
	Times        int
	Errno        string
	Return       *int64
	Set          map[string]int64
	DelayMs      int     `json:"delay_ms"`
	AfterErrno   string  `json:"after_errno"`
	AfterReturn  *int64  `json:"after_return"`
	AfterAdd     *int64  `json:"after_add"`
	Add64        *change `json:"add64"`
	Add32        *change `json:"add32"`
	Write        *change
	DropSignal   string `json:"drop_signal"`
	ChangeSignal string `json:"change_signal"`
	As           string
	Code         *int32
	HideVDSO     bool `json:"hide_vdso"`
}

// A change of memory that an argument of a system call points to.
type change struct {
	Arg    int
	Offset int64
	Value  int64
	Hex    string
	bytes  []byte
}

type oneOrMore []string

func (names *oneOrMore) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*names = []string{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(names))
}

// A rule is one checked, with how often it was met so far.
type rule struct {
	ruleText
	numbers    map[uint64]bool // system calls; empty for rules on signals
	before     *uint64         // the result of a call that is not made
	after      *uint64         // the result that a call is given
	signal, as int
	met, acted int
}

//go:embed numbers.json
var numbersText []byte

var numbers struct {
	Syscalls map[string]uint64
	Errnos   map[string]uint64
	Signals  map[string]int
}

func readRules(file string) ([]*rule, error) {
	if err := json.Unmarshal(numbersText, &numbers); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var written []ruleText
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&written); err != nil {
		return nil, err
	}
	rules := make([]*rule, len(written))
	for i, w := range written {
		rules[i] = &rule{ruleText: w, numbers: map[uint64]bool{}}
		if err := rules[i].check(); err != nil {
			return nil, fmt.Errorf("rule %d: %w", i+1, err)
		}
	}
	return rules, nil
}

func (r *rule) check() error {
	for _, name := range r.Syscall {
		number, known := numbers.Syscalls[name]
		if !known {
			return fmt.Errorf("no system call of linux/amd64 is named %q", name)
		}
		r.numbers[number] = true
	}
	var err error
	if r.signal, err = signalNumber(r.DropSignal + r.ChangeSignal); err != nil {
		return err
	}
	if r.as, err = signalNumber(r.As); err != nil {
		return err
	}
	if r.before, err = outcome(r.Errno, r.Return); err != nil {
		return err
	}
	if r.after, err = outcome(r.AfterErrno, r.AfterReturn); err != nil {
		return err
	}
	for index := range r.Args {
		if err := checkIndex(index); err != nil {
			return err
		}
	}
	for index := range r.Set {
		if err := checkIndex(index); err != nil {
			return err
		}
	}
	for index, pattern := range r.Path {
		if err := checkIndex(index); err != nil {
			return err
		}
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("%q is no glob", pattern)
		}
	}
	for _, c := range []*change{r.Add64, r.Add32, r.Write} {
		if c != nil && (c.Arg < 0 || c.Arg > 5) {
			return fmt.Errorf("there is no argument %d", c.Arg)
		}
	}
	if r.Write != nil {
		if r.Write.bytes, err = hex.DecodeString(r.Write.Hex); err != nil || len(r.Write.bytes) == 0 {
			return fmt.Errorf("%q is no hexadecimal text", r.Write.Hex)
		}
	}
	calls := r.before != nil || r.touchesAfter() || r.Set != nil || r.DelayMs > 0
	switch {
	case calls && len(r.Syscall) == 0:
		return errors.New("it names no system call")
	case !calls && len(r.Syscall) > 0:
		return errors.New("it says nothing of what to do with the system call")
	case r.before != nil && (r.touchesAfter() || r.Set != nil):
		return errors.New("a call that is not made has no result to change")
	case !calls && r.signal == 0 && !r.HideVDSO:
		return errors.New("it does nothing")
	case r.ChangeSignal != "" && r.as == 0 && r.Code == nil:
		return errors.New("change_signal wants `as` or `code`")
	}
	return nil
}

func (r *rule) touchesAfter() bool {
	return r.after != nil || r.AfterAdd != nil || r.Add64 != nil || r.Add32 != nil || r.Write != nil
}

// due counts a meeting of the rule and says whether it acts this time.
func (r *rule) due() bool {
	r.met++
	first := max(r.Nth, 1)
	if r.Every > 1 && r.Nth == 0 {
		first = r.Every
	}
	if r.met < first || r.Every > 1 && (r.met-first)%r.Every != 0 || r.Times > 0 && r.acted >= r.Times {
		return false
	}
	r.acted++
	return true
}

func outcome(errno string, value *int64) (*uint64, error) {
	if errno != "" && value != nil {
		return nil, errors.New("both an error and a value to return")
	}
	if value != nil {
		result := uint64(*value)
		return &result, nil
	}
	if errno == "" {
		return nil, nil
	}
	number, known := numbers.Errnos[errno]
	if !known {
		return nil, fmt.Errorf("no error is named %q", errno)
	}
	result := -number
	return &result, nil
}

func signalNumber(name string) (int, error) {
	if name == "" {
		return 0, nil
	}
	if number, known := numbers.Signals[name]; known {
		return number, nil
	}
	if number, err := strconv.Atoi(name); err == nil && number > 0 && number < 65 { // the real-time signals
		return number, nil
	}
	return 0, fmt.Errorf("no signal is named %q", name)
}

func checkIndex(text string) error {
	if len(text) != 1 || text < "0" || text > "5" {
		return fmt.Errorf("there is no argument %q", text)
	}
	return nil
}

// matches says whether a text fits a glob in which * stands for anything, / included.
func matches(pattern, text string) bool {
	const slash = "\x01"
	found, err := path.Match(strings.ReplaceAll(pattern, "/", slash), strings.ReplaceAll(text, "/", slash))
	return err == nil && found
}
