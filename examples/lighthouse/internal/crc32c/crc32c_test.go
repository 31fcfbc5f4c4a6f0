package crc32c

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// The first four are those of RFC 3720, appendix B.4; the last is the check value of the CRC catalogue.
var known = []struct {
	name string
	data []byte
	want uint32
}{
	{"32 bytes of zeroes", make([]byte, 32), 0x8a9136aa},
	{"32 bytes of ones", bytes.Repeat([]byte{0xff}, 32), 0x62a8ab43},
	{"32 rising bytes", ramp(0, 1), 0x46dd794e},
	{"32 falling bytes", ramp(31, -1), 0x113fdb5c},
	{"digits", []byte("123456789"), 0xe3069283},
	{"nothing", nil, 0},
	{"empty", []byte{}, 0},
}

func ramp(first, step int) []byte {
	data := make([]byte, 32)
	for i := range data {
		data[i] = byte(first + i*step)
	}
	return data
}

func TestKnownSums(t *testing.T) {
	for _, test := range known {
		t.Run(test.name, func(t *testing.T) {
			if got := Sum(test.data); got != test.want {
				t.Errorf("Sum = %#08x, want %#08x", got, test.want)
			}
			if got := inGo(test.data); got != test.want {
				t.Errorf("inGo = %#08x, want %#08x", got, test.want)
			}
		})
	}
}

func TestBothImplementationsAgree(t *testing.T) {
	t.Logf("Sum is written in %s", Implementation)
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		data := make([]byte, random.IntN(300))
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		if got, want := Sum(data), inGo(data); got != want {
			t.Fatalf("Sum(%x) = %#08x, inGo gives %#08x", data, got, want)
		}
	}
}

func TestOneFlippedBitIsSeen(t *testing.T) {
	data := []byte(`{"ship":"Nansen"}`)
	want := Sum(data)
	for bit := range len(data) * 8 {
		data[bit/8] ^= 1 << (bit % 8)
		if Sum(data) == want {
			t.Errorf("bit %d flipped: the sum is still %#08x", bit, want)
		}
		data[bit/8] ^= 1 << (bit % 8)
	}
}

func BenchmarkSum(b *testing.B) {
	data := make([]byte, 4096)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		Sum(data)
	}
}
