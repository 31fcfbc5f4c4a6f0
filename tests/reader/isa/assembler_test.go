package isa

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// gasNames are the assembler's names of features, where they differ from the kernel's.
var gasNames = map[string]string{
	"pni": "sse3", "sse4_1": "sse4.1", "sse4_2": "sse4.2", "sha_ni": "sha", "pclmulqdq": "pclmul", "bmi1": "bmi", "abm": "lzcnt",
	"rdrand": "rdrnd", "intel_ptwrite": "ptwrite", "user_shstk": "shstk",
	"monitor": "sse3", "rng": "padlock", "ace": "padlock",
	"ace2": "padlock", "phe": "padlock", "pmm": "padlock", "raoint": "rao_int",
}

// inBase is what the assembler has in its 64-bit base.
var inBase = map[string]bool{
	"fpu": true, "cmov": true, "fxsr": true, "cx8": true, "mmx": true, "sse": true, "sse2": true, "clflush": true,
}

// demandless are instructions that a CPU without their feature runs as no-operations or as older ones (tzcnt), or that
// only a kernel can run.
var demandless = regexp.MustCompile(`^(tzcnt|bnd|cldemote|prefetch|rdssp|vm|inv|getsec|wbnoinvd)`)

const slot = 16

// TestFeaturesAgreeWithTheAssembler lets objdump spell out the encoding space of every opcode map that has features, and
// the assembler say which features each instruction cannot do without.
func TestFeaturesAgreeWithTheAssembler(t *testing.T) {
	for _, tool := range []string{"objdump", "as"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s", tool)
		}
	}
	arch, err := For("amd64")
	if err != nil {
		t.Fatal(err)
	}
	blob := encodingSpace()
	dir := t.TempDir()
	file := filepath.Join(dir, "blob")
	if err := os.WriteFile(file, blob, 0o600); err != nil {
		t.Fatal(err)
	}
	shown, err := exec.Command("objdump", "-D", "-w", "-b", "binary", "-m", "i386:x86-64", file).Output()
	if err != nil {
		t.Fatal(err)
	}
	groups := map[Set]map[string]string{}
	var undecoded []string
	lengths, wrong := 0, 0
	scanner := bufio.NewScanner(bytes.NewReader(shown))
	for scanner.Scan() {
		column := strings.Split(scanner.Text(), "\t")
		if len(column) < 3 {
			continue
		}
		addr, err := strconv.ParseUint(strings.TrimSpace(strings.TrimSuffix(column[0], ":")), 16, 64)
		if err != nil || addr%slot != 0 {
			continue
		}
		text := strings.TrimSpace(strings.Split(column[2], "#")[0])
		if strings.Contains(text, "bad") || strings.HasPrefix(text, "rex") || strings.HasPrefix(text, "data16") {
			continue
		}
		size := len(strings.Fields(column[1]))
		var in Instruction
		err = arch.Decode(blob[addr:], addr, &in)
		if lengths++; err != nil || in.Len != size {
			wrong++
			if err != nil {
				undecoded = append(undecoded, text) // often an encoding that objdump shows although it is undefined
			} else {
				t.Errorf("%x: %d bytes, objdump has %d: %s", blob[addr:addr+slot], in.Len, size, text)
			}
			continue
		}
		switch {
		case in.X86.Map >= mapEVEX1 && in.X86.Map <= mapEVEX6:
			text = "{evex} " + text
		case in.X86.Map >= mapVEX1 && in.X86.Map <= mapVEX3 && !strings.HasPrefix(text, "{vex}") && !strings.HasPrefix(text, "k"):
			text = "{vex} " + text
		}
		if groups[in.Features] == nil {
			groups[in.Features] = map[string]string{}
		}
		groups[in.Features][text] = fmt.Sprintf("%x", blob[addr:addr+uint64(size)])
	}
	for text, code := range assembled(t, dir, undecoded) {
		var in Instruction
		if err := arch.Decode(code, 0, &in); err != nil {
			t.Errorf("%x: not decoded: %s", code, text)
		}
	}
	t.Logf("%d encodings, %d of another length, %d sets of features", lengths, wrong, len(groups))
	instructions, missing, needless := 0, 0, 0
	for set, texts := range groups {
		names := arch.Names(set)
		lines := make([]string, 0, len(texts))
		for text := range texts {
			lines = append(lines, text)
		}
		sort.Strings(lines)
		able := refused(t, dir, "", lines)
		var known []string
		for i, line := range lines {
			if !able[i+1] && !demandless.MatchString(line) {
				known = append(known, line)
			}
		}
		instructions += len(known)
		for i := range refused(t, dir, architecture(names), known) {
			if missing++; missing <= 60 {
				t.Errorf("%s (%s): the assembler asks for more than %s", known[i-1], texts[known[i-1]], names)
			}
		}
		for i, name := range names {
			if inBase[name] {
				continue
			}
			others := append(append([]string{}, names[:i]...), names[i+1:]...)
			no := refused(t, dir, architecture(others), known)
			for j, line := range known {
				// 0F C5 says the same as the PEXTRW of SSE4.1, and the assembler prefers it.
				if !no[j+1] && !impliedBy(name, others) && !strings.HasPrefix(line, "pextrw") {
					if needless++; needless <= 60 {
						t.Errorf("%s (%s): the assembler does without %s of %s", line, texts[line], name, names)
					}
				}
			}
		}
	}
	t.Logf("%d instructions assembled, %d missed a feature, %d had one too many", instructions, missing, needless)
}

func impliedBy(name string, others []string) bool {
	for _, other := range others {
		if name == "avx512f" && strings.HasPrefix(other, "avx512") || name == "avx" && (other == "avx2" || strings.HasPrefix(other, "v")) {
			return true
		}
	}
	return false
}

// architecture is the directives that allow the 64-bit base and the named features.
func architecture(names []string) string {
	text := ".arch generic64\n"
	for _, name := range names {
		if inBase[name] {
			continue
		}
		if gas, ok := gasNames[name]; ok {
			name = gas
		}
		text += ".arch ." + name + "\n"
	}
	return text
}

var errorLine = regexp.MustCompile(`:(\d+): Error:`)

// refused returns the lines, counted from 1, that the assembler does not take after the header.
func refused(t *testing.T, dir, header string, lines []string) map[int]bool {
	t.Helper()
	source := filepath.Join(dir, "source.s")
	if err := os.WriteFile(source, []byte(header+strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command("as", "--64", "-o", filepath.Join(dir, "object"), source)
	said, _ := command.CombinedOutput()
	skip := strings.Count(header, "\n")
	out := map[int]bool{}
	for _, found := range errorLine.FindAllSubmatch(said, -1) {
		number, err := strconv.Atoi(string(found[1]))
		if err != nil {
			t.Fatal(err)
		}
		if number <= skip {
			t.Fatalf("the assembler does not know %q: %s", header, said[:200])
		}
		out[number-skip] = true
	}
	return out
}

// assembled returns the bytes of each line that the assembler takes.
func assembled(t *testing.T, dir string, lines []string) map[string][]byte {
	t.Helper()
	sort.Strings(lines)
	no := refused(t, dir, "", lines)
	var source strings.Builder
	var taken []string
	for i, line := range lines {
		if !no[i+1] {
			taken = append(taken, line)
			source.WriteString(line + "\n.balign 16, 0x90\n")
		}
	}
	object, image := filepath.Join(dir, "object"), filepath.Join(dir, "image")
	if err := os.WriteFile(filepath.Join(dir, "taken.s"), []byte(source.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []*exec.Cmd{
		exec.Command("as", "--64", "-o", object, filepath.Join(dir, "taken.s")),
		exec.Command("objcopy", "-O", "binary", "-j", ".text", object, image),
	} {
		if said, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", command, err, said)
		}
	}
	code, err := os.ReadFile(image)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for i, line := range taken {
		out[line] = code[i*slot : (i+1)*slot]
	}
	return out
}

// encodingSpace returns one instruction every 16 bytes, padded with NOPs: every opcode of every map with every prefix and
// form that the tables tell apart.
func encodingSpace() []byte {
	var blob []byte
	put := func(code ...byte) {
		blob = append(blob, code...)
		for len(blob)%slot != 0 {
			blob = append(blob, 0x90)
		}
	}
	modrm := make([]byte, 0, 16)
	for reg := byte(0); reg < 8; reg++ {
		modrm = append(modrm, reg<<3, 0xC1|reg<<3)
	}
	groups := []byte{0x01, 0x18, 0x71, 0x72, 0x73, 0xAE, 0xBA, 0xC7, 0xF3} // ModRM.reg is part of the opcode
	prefix := [][]byte{{}, {0x66}, {0xF3}, {0xF2}}
	for op := 0; op < 256; op++ {
		forms := modrm[:6]
		if bytes.IndexByte(groups, byte(op)) >= 0 {
			forms = modrm
		}
		for _, m := range forms {
			for p := range prefix {
				for _, w := range []byte{0, 0x48} {
					head := prefix[p]
					if w != 0 {
						head = append(append([]byte{}, head...), w)
					}
					with := func(more ...byte) { put(append(append([]byte{}, head...), more...)...) }
					if op != 0x38 && op != 0x3A {
						with(0x0F, byte(op), m)
					}
					with(0x0F, 0x38, byte(op), m)
					with(0x0F, 0x3A, byte(op), m)
				}
				for w := byte(0); w < 2; w++ {
					for space := byte(1); space <= 3; space++ {
						for l := byte(0); l < 2; l++ {
							put(0xC4, 0xE0|space, w<<7|0x78|l<<2|byte(p), byte(op), m)
						}
					}
					for _, space := range []byte{1, 2, 3, 5, 6} {
						for l := byte(0); l < 3; l++ {
							put(0x62, 0xF0|space, w<<7|0x7C|byte(p), l<<5|0x08, byte(op), m)
						}
					}
				}
			}
			for space := byte(8); space <= 10; space++ {
				put(0x8F, 0xE0|space, 0x78, byte(op), m)
			}
		}
	}
	return blob
}
