package isa

import (
	"flag"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var llvm = flag.Bool("llvm", false, "hold the tables against llvm-mc and llvm-objdump")

// llvmNames are LLVM's names of features, where they differ from the kernel's; "" is what its base has.
var llvmNames = map[string]map[string]string{
	"arm64": {
		"fp": "", "asimd": "", "atomics": "lse", "lrcpc": "rcpc", "ilrcpc": "rcpc-immo", "pmull": "aes", "sha1": "sha2", "sha512": "sha3",
		"sm3": "sm4", "crc32": "crc", "rng": "rand", "fphp": "fullfp16", "asimdhp": "fullfp16", "jscvt": "jsconv", "frint": "fptoint",
		"asimdrdm": "rdm", "asimddp": "dotprod", "fcma": "complxnum", "asimdfhm": "fp16fml", "flagm2": "altnzcv", "dcpop": "ccpp", "dcpodp": "ccdp",
		"paca": "pauth", "pacg": "pauth", "svei8mm": "i8mm", "sveaes": "sve2-aes", "svepmull": "sve2-aes", "svesm4": "sve2-sm4", "svesha3": "sve2-sha3",
		"svebitperm": "sve2-bitperm",
	},
}

var llvmTriples = map[string]string{"arm64": "aarch64"}

// everything is what LLVM 14 knows and the table names.
var everything = map[string]string{
	"arm64": "+lse,+rcpc,+rcpc-immo,+aes,+sha2,+sha3,+sm4,+crc,+rand,+fullfp16,+jsconv,+fptoint,+rdm,+dotprod,+i8mm,+bf16,+complxnum,+fp16fml," +
		"+flagm,+altnzcv,+ccpp,+ccdp,+sb,+dit,+ssbs,+wfxt,+hbc,+mops,+mte,+pauth,+ls64,+sve,+sve2,+sve2-aes,+sve2-sm4,+sve2-sha3,+sve2-bitperm,+sme,+f32mm,+f64mm",
}

func TestAgreesWithLLVM(t *testing.T) {
	if !*llvm {
		t.Skip("not asked for")
	}
	for goarch := range llvmTriples {
		t.Run(goarch, func(t *testing.T) { agreeWithLLVM(t, goarch) })
	}
}

func agreeWithLLVM(t *testing.T, goarch string) {
	arch, err := For(goarch)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewSource(1))
	seen := map[uint32]bool{}
	groups := map[Set][]uint32{}
	add := func(word uint32) {
		var in Instruction
		code := []byte{byte(word), byte(word >> 8), byte(word >> 16), byte(word >> 24)}
		if seen[word] || arch.Decode(code, 0, &in) != nil || in.Len != 4 {
			return
		}
		seen[word] = true
		groups[in.Features] = append(groups[in.Features], word)
	}
	for _, rows := range arch.fixed.rows {
		for _, row := range rows {
			for range 60 {
				add(row.value | random.Uint32()&^row.mask)
			}
		}
	}
	for range 200000 {
		add(random.Uint32())
	}
	dir := t.TempDir()
	missing, needless, total := map[string]int{}, map[string]int{}, 0
	for set, words := range groups {
		names := arch.Names(set)
		object := filepath.Join(dir, "object")
		var source strings.Builder
		for _, word := range words {
			fmt.Fprintf(&source, ".inst 0x%x\n", word)
		}
		if err := os.WriteFile(object+".s", []byte(source.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		if said, err := exec.Command("llvm-mc", "-triple="+llvmTriples[goarch], "-filetype=obj", "-o", object, object+".s").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		coarse := slices.Contains(names, "sve") || slices.Contains(names, "sme")
		all := shown(t, object, everything[goarch])
		if len(all) != len(words) {
			t.Fatalf("%d lines for %d words", len(all), len(words))
		}
		with := shown(t, object, attributes(goarch, names, ""))
		for i, text := range all {
			if text == "" {
				continue
			}
			total++
			if with[i] == "" && !coarse {
				missing[fmt.Sprintf("%08x %s: %s", words[i], text, names)]++
			}
		}
		for _, name := range names {
			if attribute, ok := llvmNames[goarch][name]; ok && attribute == "" {
				continue
			}
			others := attributes(goarch, names, name)
			if coarse {
				others = ""
			}
			without := shown(t, object, others)
			for i, text := range without {
				if text != "" && text == all[i] && !strings.HasPrefix(text, "mrs") && !strings.HasPrefix(text, "msr") {
					needless[fmt.Sprintf("%08x %s: %s of %s", words[i], text, name, names)]++
				}
			}
		}
	}
	for text := range missing {
		t.Errorf("needs more: %s", text)
	}
	for text := range needless {
		t.Errorf("does without: %s", text)
	}
	t.Logf("%d words that LLVM knows, %d need more, %d need less", total, len(missing), len(needless))
}

func attributes(goarch string, names []string, but string) string {
	var out []string
	for _, name := range names {
		if name == but {
			continue
		}
		if llvm, ok := llvmNames[goarch][name]; ok {
			name = llvm
		}
		if name != "" {
			out = append(out, "+"+name)
		}
	}
	return strings.Join(out, ",")
}

var shownLine = regexp.MustCompile(`(?m)^\s+[0-9a-f]+:\s+(?:[0-9a-f]{2} ){3,4}\s*(.*)$`)

// shown returns what llvm-objdump makes of each word, "" for nothing.
func shown(t *testing.T, object, attributes string) []string {
	t.Helper()
	out, err := exec.Command("llvm-objdump", "-d", "--mattr="+attributes, object).Output()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, found := range shownLine.FindAllStringSubmatch(string(out), -1) {
		text := strings.Join(strings.Fields(found[1]), " ")
		if strings.Contains(text, "unknown") || text == "" {
			text = ""
		}
		lines = append(lines, text)
	}
	return lines
}
