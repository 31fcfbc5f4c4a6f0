package isa

import (
	"bufio"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// goSamples is where Go keeps what its own assembler must produce: one instruction a line, its bytes in a comment.
func goSamples(t *testing.T) string {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(strings.TrimSpace(string(root)), "src/cmd/asm/internal/asm/testdata")
	if _, err := os.Stat(dir); err != nil {
		t.Skip(err)
	}
	return dir
}

var (
	sampleLine = regexp.MustCompile(`^\s+([A-Z][A-Z0-9.]*)\s.*//\s*([0-9a-f]{4,})(?:\s.*)?$`)
	headline   = regexp.MustCompile(`^\s*// ([0-9.]+): (.*)$`)
	inBrackets = regexp.MustCompile(`\(([A-Za-z0-9]+)\)`)
)

// demanded is the feature that Go's samples say an instruction belongs to; "" where they do not say.
func demanded(goarch, file, heading, mnemonic string) string {
	switch {
	case goarch == "loong64" && strings.HasPrefix(mnemonic, "XV"):
		return "lasx"
	case goarch == "loong64" && mnemonic[0] == 'V':
		return "lsx"
	case goarch == "loong64" && strings.HasPrefix(mnemonic, "AMCAS"):
		return "lamcas"
	case goarch == "loong64" && strings.HasPrefix(mnemonic, "AM"):
		if number := strings.TrimPrefix(mnemonic, "AM"); strings.HasSuffix(number, "B") && number != "SUB" || strings.HasSuffix(number, "H") {
			return "lam_bh"
		}
		return "lam"
	case goarch == "riscv64" && strings.HasPrefix(heading, "31."):
		return "v"
	case goarch == "riscv64" && strings.HasPrefix(heading, "30."):
		return strings.ToLower(inBrackets.FindStringSubmatch(heading)[1])
	case goarch == "riscv64" && strings.HasPrefix(heading, "28."):
		return "c"
	case goarch == "riscv64" && strings.HasPrefix(heading, "22."):
		return "d"
	case goarch == "riscv64" && strings.HasPrefix(heading, "21."):
		return "f"
	case goarch == "riscv64" && strings.HasPrefix(heading, "13."):
		return "a"
	case goarch == "riscv64" && strings.HasPrefix(heading, "12."):
		return "m"
	case goarch == "riscv64" && strings.HasPrefix(heading, "11."):
		return "zicond"
	case goarch == "arm64" && strings.HasPrefix(filepath.Base(file), "arm64sve"):
		return "sve"
	}
	if filepath.Base(filepath.Dir(file)) == "avx512enc" {
		name := strings.TrimSuffix(filepath.Base(file), ".s")
		if first, _, paired := strings.Cut(name, "_avx512f"); paired {
			name = strings.Replace(first, "aes", "vaes", 1)
		}
		if kernels, ok := map[string]string{"avx512_ifma": "avx512ifma", "avx512_vbmi": "avx512vbmi"}[name]; ok {
			return kernels
		}
		return name
	}
	return ""
}

func TestAgreesWithGoSamples(t *testing.T) {
	dir := goSamples(t)
	for goarch, pattern := range map[string]string{
		"amd64": "amd64enc*.s", "386": "386enc.s", "arm64": "arm64*.s", "loong64": "loong64enc*.s", "riscv64": "riscv64.s",
	} {
		t.Run(goarch, func(t *testing.T) {
			files, err := filepath.Glob(filepath.Join(dir, pattern))
			if err != nil {
				t.Fatal(err)
			}
			if goarch == "amd64" {
				more, _ := filepath.Glob(filepath.Join(dir, "avx512enc/*.s"))
				files = append(files, more...)
			}
			count := 0
			for _, file := range files {
				if !strings.HasSuffix(file, "error.s") {
					count += agreeWithSamples(t, goarch, file)
				}
			}
			if count < 20 {
				t.Errorf("only %d instructions", count)
			}
			t.Logf("%d lines", count)
		})
	}
}

func agreeWithSamples(t *testing.T, goarch, file string) int {
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	arch, err := For(goarch)
	if err != nil {
		t.Fatal(err)
	}
	count, heading := 0, ""
	for scanner := bufio.NewScanner(in); scanner.Scan(); {
		if found := headline.FindStringSubmatch(scanner.Text()); found != nil {
			heading = found[1] + ": " + found[2]
		}
		found := sampleLine.FindStringSubmatch(scanner.Text())
		if found == nil || len(found[2])%2 != 0 || found[1] == "UD1" { // Go writes UD1 without its operands
			continue
		}
		code, err := hex.DecodeString(found[2])
		if err != nil {
			t.Fatal(err)
		}
		count++
		var features Set
		for at := 0; at < len(code); {
			var one Instruction
			if err := arch.Decode(code[at:], uint64(at), &one); err != nil {
				t.Errorf("%s: %s: at %d: %v", filepath.Base(file), strings.TrimSpace(scanner.Text()), at, err)
				break
			}
			at += one.Len
			features = features.With(one.Features)
		}
		names := arch.Names(features)
		want := demanded(goarch, file, heading, found[1])
		if want != "" && !slices.Contains(names, want) {
			t.Errorf("%s: %s: %v, not %s", filepath.Base(file), strings.TrimSpace(scanner.Text()), names, want)
		}
		if goarch == "loong64" && want == "" && (slices.Contains(names, "lsx") || slices.Contains(names, "lasx") || slices.Contains(names, "lam")) {
			t.Errorf("%s: %s: %v", filepath.Base(file), strings.TrimSpace(scanner.Text()), names)
		}
	}
	return count
}
