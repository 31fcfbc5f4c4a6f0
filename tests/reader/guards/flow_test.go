// test_guards.py copies this file beside the package's source and runs it.
package guards

import (
	"encoding/binary"
	"testing"

	"seatrial.example/reader/code"
	"seatrial.example/reader/gometa"
	"seatrial.example/reader/isa"
)

const (
	begin    = 0x1000
	flagAt   = 0x2000
	calledAt = 0x3000
	out      = 0xEE // stands for the distance to the end of the code
)

// followed is what follows from code that runs at `begin`, with a flag of a feature at `flagAt`.
func followed(t *testing.T, arch *isa.Arch, feature isa.Set, body []byte) findings {
	t.Helper()
	f := &follower{
		space: &space{}, m: machines[arch.GOARCH](arch), closure: func(s isa.Set) isa.Set { return s },
		flags: map[uint64]facts{flagAt: {set: feature}}, data: func(addr uint64) bool { return addr == flagAt },
		zero: func(uint64) bool { return false }, about: func(uint64) bool { return false }, asksCPU: func(uint64) bool { return false },
		answers: func(uint64) facts { return facts{} }, ends: func(uint64) bool { return false },
		target: func(uint64) bool { return false }, pointer: func(uint64) bool { return false },
	}
	return f.follow(body, &code.Func{Func: gometa.Func{Entry: begin, End: begin + uint64(len(body)), Assembly: true}})
}

// guardedX86 tells whether the flag is known to be set at VPADDD, which follows this code and over which `out` jumps.
func guardedX86(t *testing.T, pieces ...[]byte) bool {
	t.Helper()
	arch, err := isa.For("amd64")
	if err != nil {
		t.Fatal(err)
	}
	var body []byte
	for _, piece := range pieces {
		body = append(body, piece...)
	}
	use := len(body)
	body = append(body, 0xC5, 0xFD, 0xFE, 0xC0, 0xC3) // VPADDD Y0, Y0, Y0; RET
	for i := range body {
		if body[i] == out {
			body[i] = byte(use + 4 - i - 1)
		}
	}
	feature := arch.Features("avx2")
	found := followed(t, arch, feature, body)
	for _, u := range found.uses {
		if u.pc == begin+uint64(use) {
			return feature.Without(u.holds.set).Empty()
		}
	}
	t.Fatal("the instruction is not reached")
	return false
}

// testAt is CMPB flag, $0 at a distance from the begin.
func testAt(at int) []byte {
	return append(binary.LittleEndian.AppendUint32([]byte{0x80, 0x3D}, uint32(flagAt-(begin+at+7))), 0)
}

func TestFlagsOfOtherInstructions(t *testing.T) {
	jne := []byte{0x75, out}
	je, jbe := []byte{0x74, out}, []byte{0x76, out}
	if !guardedX86(t, testAt(0), je) {
		t.Error("a test of the flag guards nothing")
	}
	if guardedX86(t, testAt(0), jne) {
		t.Error("a test of the flag guards where it is not set")
	}
	for name, c := range map[string]struct{ between, jump []byte }{
		"SUB":     {[]byte{0x48, 0x29, 0xD8}, je},
		"XOR":     {[]byte{0x48, 0x31, 0xD8}, je},
		"DEC":     {[]byte{0x48, 0xFF, 0xC9}, je},
		"SHL":     {[]byte{0x48, 0xD3, 0xE0}, je},
		"NEG":     {[]byte{0x48, 0xF7, 0xD8}, je},
		"BSF":     {[]byte{0x48, 0x0F, 0xBC, 0xC3}, je},
		"CMPXCHG": {[]byte{0xF0, 0x0F, 0xB1, 0x0B}, je},
		"UCOMISD": {[]byte{0x66, 0x0F, 0x2E, 0xC1}, jbe},
		"PTEST":   {[]byte{0x66, 0x0F, 0x38, 0x17, 0xC1}, je},
		"FUCOMIP": {[]byte{0xDF, 0xE9}, je},
		"ANDN":    {[]byte{0xC4, 0xE2, 0x78, 0xF2, 0xC3}, je},
		"BLSR":    {[]byte{0xC4, 0xE2, 0x78, 0xF3, 0xCB}, je},
		"BZHI":    {[]byte{0xC4, 0xE2, 0x60, 0xF5, 0xC1}, je},
		"CMC":     {[]byte{0xF5}, je},
	} {
		if guardedX86(t, testAt(0), c.between, c.jump) {
			t.Errorf("a jump after %s is taken for one after the test of the flag", name)
		}
	}
	if !guardedX86(t, testAt(0), []byte{0x8D, 0x04, 0x0B, 0x0F, 0xBE, 0xC0}, je) { // LEA, MOVSX
		t.Error("instructions that leave the flags alone are taken for others")
	}
}

func TestFlagsOnARM64(t *testing.T) {
	arch, err := isa.For("arm64")
	if err != nil {
		t.Fatal(err)
	}
	feature := arch.Features("atomics")
	guarded := func(between ...uint32) bool {
		words := []uint32{0xB0000000, 0x39400001, 0x7100003F} // ADRP R0, flag; LDRB R1, [R0]; CMP W1, #0
		words = append(words, between...)
		words = append(words, 0x54000040, 0xB8E00022, 0xD65F03C0) // B.EQ +2; LDADDAL W0, W2, [X1]; RET
		var body []byte
		for _, w := range words {
			body = binary.LittleEndian.AppendUint32(body, w)
		}
		for _, u := range followed(t, arch, feature, body).uses {
			return feature.Without(u.holds.set).Empty()
		}
		t.Fatal("the instruction is not reached")
		return false
	}
	if !guarded() || !guarded(0x8B020063) { // ADD leaves the flags alone
		t.Error("a test of the flag guards nothing")
	}
	for name, w := range map[string]uint32{
		"CCMP": 0x7A400844, "FCMP": 0x1E612000, "ADDS": 0xAB020063, "CMN": 0xB100047F, "SUBS extended": 0xEB22607F,
		"TST shifted": 0xEA020C7F, "BICS": 0xEA22007F, "ADCS": 0xBA02007F, "MSR": 0xD51B4203,
	} {
		if guarded(w) {
			t.Errorf("a branch after %s is taken for one after the test of the flag", name)
		}
	}
}

func TestWhatIsLentMayBeSet(t *testing.T) {
	call := func(at int) []byte {
		return binary.LittleEndian.AppendUint32([]byte{0xE8}, uint32(calledAt-(begin+at+5)))
	}
	head := []byte{
		0x48, 0x83, 0xEC, 0x20, // SUB RSP, 32
	}
	load := binary.LittleEndian.AppendUint32([]byte{0x0F, 0xB6, 0x05}, uint32(flagAt-(begin+4+7))) // MOVZX EAX, flag
	store := []byte{0x88, 0x44, 0x24, 0x0F}                                                        // MOV [RSP+15], AL
	check := []byte{0x80, 0x7C, 0x24, 0x0F, 0x00, 0x74, out}                                       // CMP [RSP+15], 0; JE
	for name, c := range map[string]struct {
		lend    []byte
		guarded bool
	}{
		"nothing":       {nil, true},
		"the slot":      {[]byte{0x48, 0x8D, 0x44, 0x24, 0x0F}, false},                               // LEA RAX, [RSP+15]
		"what is above": {[]byte{0x48, 0x8D, 0x44, 0x24, 0x10}, true},                                // LEA RAX, [RSP+16]
		"by a word":     {[]byte{0x48, 0x8D, 0x44, 0x24, 0x0F, 0x48, 0x89, 0x44, 0x24, 0x10}, false}, // and MOV [RSP+16], RAX
	} {
		at := len(head) + len(load) + len(store) + len(c.lend)
		if guardedX86(t, head, load, store, c.lend, call(at), check) != c.guarded {
			t.Errorf("%s is lent: want guarded %v", name, c.guarded)
		}
	}
}

func TestRegistersOfFloatsAreNoGeneralOnes(t *testing.T) {
	arch, err := isa.For("loong64")
	if err != nil {
		t.Fatal(err)
	}
	feature := arch.Features("lsx")
	guarded := func(between uint32) bool {
		var body []byte
		// PCALAU12I R4; LD.BU R4; BEQZ R4, +2; VFRINTRZ.D; JIRL
		for _, w := range []uint32{0x1A000024, 0x2A000084, between, 0x40000880, 0x729D6885, 0x4C000020} {
			body = binary.LittleEndian.AppendUint32(body, w)
		}
		for _, u := range followed(t, arch, feature, body).uses {
			if !u.needs.And(feature).Empty() {
				return feature.Without(u.holds.set).Empty()
			}
		}
		t.Fatal("the instruction is not reached")
		return false
	}
	if !guarded(0x01140824) { // FABS.D F4, F1
		t.Error("FABS.D F4 is taken for a write of R4")
	}
	if guarded(0x0114B824) { // MOVFR2GR.D R4, F1
		t.Error("MOVFR2GR.D R4 is not taken for a write of R4")
	}
}

func TestFunctionsThatOnlyCallEachOther(t *testing.T) {
	arch, err := isa.For("amd64")
	if err != nil {
		t.Fatal(err)
	}
	feature := arch.Features("avx2")
	a := layered(feature, isa.Set{}, 1)
	top := uint64(highest) * 16
	a.refs[top] = []callerOf{{0, reference{pc: 17, target: top}}}
	if g := a.judge(0, feature); g.standing != perhaps || g.why != "no-caller" {
		t.Errorf("%s, %s", standings[g.standing], g.why)
	}
}
