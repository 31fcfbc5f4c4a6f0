package isa

import (
	"encoding/hex"
	"reflect"
	"testing"
)

func decode(t *testing.T, goarch, text string, addr uint64) Instruction {
	t.Helper()
	code, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	in, err := Decode(code, addr, goarch)
	if err != nil {
		t.Fatalf("%s %s: %v", goarch, text, err)
	}
	return in
}

func TestWhatAnInstructionNeeds(t *testing.T) {
	for _, c := range []struct {
		goarch, code string
		size         int
		features     []string
		class        Class
	}{
		{"amd64", "90", 1, []string{}, Integer},
		{"amd64", "c5fdfec1", 4, []string{"avx2"}, Vector},                    // vpaddd ymm0, ymm0, ymm1
		{"amd64", "c5f9fec1", 4, []string{"avx"}, Vector},                     // vpaddd xmm0, xmm0, xmm1
		{"amd64", "c4e37944c110", 6, []string{"avx", "pclmulqdq"}, Crypto},    // vpclmulqdq xmm0, xmm0, xmm1, 16
		{"amd64", "c4e37d44c110", 6, []string{"avx", "vpclmulqdq"}, Crypto},   // vpclmulqdq ymm0, ymm0, ymm1, 16
		{"amd64", "f3480fb8c1", 5, []string{"popcnt"}, Integer},               // popcnt rax, rcx
		{"amd64", "c4e2f1b8c2", 5, []string{"fma"}, Vector},                   // vfmadd231pd xmm0, xmm1, xmm2
		{"amd64", "c4e2f1b9c2", 5, []string{"fma"}, Float},                    // vfmadd231sd xmm0, xmm1, xmm2
		{"amd64", "f00fb10b", 4, []string{}, Atomic},                          // lock cmpxchg [rbx], ecx
		{"amd64", "8703", 2, []string{}, Atomic},                              // xchg [rbx], eax
		{"amd64", "62f17c4858c1", 6, []string{"avx512f"}, Vector},             // vaddps zmm0, zmm0, zmm1
		{"amd64", "62f17c2858c1", 6, []string{"avx512f", "avx512vl"}, Vector}, // vaddps ymm0, ymm0, ymm1
		{"amd64", "62f17e1858c1", 6, []string{"avx512f"}, Float},              // vaddss xmm0, xmm0, xmm1, {rn-sae}
		{"amd64", "48b8efcdab8967452301", 10, []string{}, Integer},
		{"386", "48", 1, []string{}, Integer}, // dec eax
		{"386", "c50300", 2, []string{}, Integer},
		{"386", "62c3", 0, nil, Integer},
	} {
		if c.size == 0 {
			code, _ := hex.DecodeString(c.code)
			if in, err := Decode(code, 0, c.goarch); err == nil {
				t.Errorf("%s %s: decoded as %d bytes", c.goarch, c.code, in.Len)
			}
			continue
		}
		in := decode(t, c.goarch, c.code, 0x1000)
		a, _ := For(c.goarch)
		if got := a.Names(in.Features); in.Len != c.size || !reflect.DeepEqual(got, c.features) || in.Class != c.class {
			t.Errorf("%s %s: %d bytes, %v, %v; want %d, %v, %v", c.goarch, c.code, in.Len, got, in.Class, c.size, c.features, c.class)
		}
	}
}

func TestWhereControlGoes(t *testing.T) {
	for _, c := range []struct {
		goarch, code    string
		flow            Flow
		target, address uint64
	}{
		{"amd64", "e8fb0f0000", Call, 0x2000, 0},
		{"amd64", "ebfe", Jump, 0x1000, 0},
		{"amd64", "0f84fa0f0000", Branch, 0x2000, 0},
		{"amd64", "803df90f000000", Next, 0, 0x2000}, // cmpb $0, 0xff9(rip)
		{"amd64", "ff15fa0f0000", IndirectCall, 0, 0x2000},
		{"amd64", "ffe0", IndirectJump, 0, 0},
		{"amd64", "c3", Return, 0, 0},
		{"amd64", "0f0b", Stop, 0, 0},
		{"amd64", "640fb60425f8ffffff", Next, 0, 0},        // movzbl fs:-8, eax: no address of the image
		{"amd64", "0fb604250020400000", Next, 0, 0x402000}, // movzbl 0x402000, eax
	} {
		in := decode(t, c.goarch, c.code, 0x1000)
		if in.Flow != c.flow || in.Target != c.target || in.Address != c.address {
			t.Errorf("%s %s: flow %d to %#x, address %#x; want %d, %#x, %#x", c.goarch, c.code, in.Flow, in.Target, in.Address, c.flow, c.target, c.address)
		}
	}
}

// FuzzDecode proves that no bytes make a decoder panic, or read or advance outside them.
func FuzzDecode(f *testing.F) {
	f.Add([]byte{0x62, 0xf1, 0x7c, 0x48, 0x58, 0xc1})
	f.Add([]byte{0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66})
	f.Fuzz(func(t *testing.T, code []byte) {
		for goarch := range loaders {
			if in, err := Decode(code, 0, goarch); err == nil && (in.Len <= 0 || in.Len > len(code)) {
				t.Errorf("%s: %d bytes of %x", goarch, in.Len, code)
			}
		}
	})
}
