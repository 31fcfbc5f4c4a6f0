package isa

import (
	"bufio"
	"encoding/hex"
	"flag"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

var (
	program = flag.String("program", "", "file that objdump disassembles too")
	least   = flag.Int("least", 1000, "instructions that it has")
)

// TestAgreesWithObjdump decodes what `objdump -d` shows of a binary, one instruction after the other.
func TestAgreesWithObjdump(t *testing.T) {
	if *program == "" {
		t.Skip("no -program given")
	}
	arch, err := For("amd64")
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("objdump", "-d", "-w", *program)
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var in Instruction
	count, wrong := 0, 0
	scanner := bufio.NewScanner(out)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		column := strings.Split(scanner.Text(), "\t")
		if len(column) < 3 || !strings.HasSuffix(column[0], ":") {
			continue
		}
		addr, err := strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(column[0], ":")), 16, 64)
		if err != nil {
			continue
		}
		code, err := hex.DecodeString(strings.ReplaceAll(column[1], " ", ""))
		if err != nil || strings.Contains(column[2], "(bad)") {
			continue
		}
		count++
		following := append(code[:len(code):len(code)], 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
		err = arch.Decode(following, addr, &in)
		if err != nil || in.Len != len(code) {
			if wrong++; wrong <= 20 {
				t.Errorf("%x: %x: %d bytes (%v), objdump has %d: %s", addr, code, in.Len, err, len(code), column[2])
			}
		}
	}
	if err := command.Wait(); err != nil {
		t.Fatal(err)
	}
	if count < *least {
		t.Fatalf("objdump showed %d instructions", count)
	}
	t.Logf("%d instructions, %d different", count, wrong)
}
