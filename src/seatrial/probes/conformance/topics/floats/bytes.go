package floats

import (
	"bytes"
	"crypto/subtle"
	"runtime/debug"
	"strings"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "floats/index-byte",
		Contract: "IndexByte finds the first such byte at every alignment and length, and reads nothing beyond the end.",
		Source:   "Go internal/bytealg/indexbyte_<arch>.s",
		Breaks:   "Scanners and parsers miss separators, or crash when data ends at the end of a page.",
		Run:      func(t *suite.T) { atEdges(t, 130, indexByteHere) },
	}, suite.Case{
		ID:       "floats/count-byte",
		Contract: "Count counts bytes at every alignment and length, and reads nothing beyond the end.",
		Source:   "Go internal/bytealg/count_<arch>.s",
		Breaks:   "Numbers of lines are wrong, or counting them crashes.",
		Run:      func(t *suite.T) { atEdges(t, 130, countHere) },
	}, suite.Case{
		ID:       "floats/equal-bytes",
		Contract: "Equal tells any difference of one byte at every alignment and length, and reads nothing beyond the end.",
		Source:   "Go internal/bytealg/equal_<arch>.s; runtime memequal: also == of strings and structs, and map keys",
		Breaks:   "Maps find wrong entries; signatures compare equal that are not.",
		Run:      func(t *suite.T) { atEdges(t, 130, equalHere) },
	}, suite.Case{
		ID:       "floats/compare-bytes",
		Contract: "Compare orders by the first byte that differs, unsigned, at every alignment and length.",
		Source:   "Go internal/bytealg/compare_<arch>.s; runtime cmpstring: also < of strings",
		Breaks:   "Sorted data is not sorted: searches fail, indexes of databases are corrupt.",
		Run:      func(t *suite.T) { atEdges(t, 130, compareHere) },
	}, suite.Case{
		ID:       "floats/index-of-text",
		Contract: "Index finds the first occurrence of texts of 1 to 70 bytes, at every alignment, and reads nothing beyond the end.",
		Source:   "Go internal/bytealg/index_<arch>.s: brute force with vectors up to MaxLen, then Rabin-Karp",
		Breaks:   "Searches miss what is there, or crash at the end of a page.",
		Run:      func(t *suite.T) { atEdges(t, 150, indexHere) },
	}, suite.Case{
		ID:       "floats/copy-overlapping",
		Contract: "copy moves every byte of 0 to 520 to its place, forwards and backwards over itself, and touches no other.",
		Source:   "Go runtime/memmove_<arch>.s; Go specification, \"Appending to and copying slices\"",
		Breaks:   "Inserting and deleting in slices corrupts data.",
		Run:      copyOverlapping,
	}, suite.Case{
		ID:       "floats/clear-memory",
		Contract: "Clearing 0 to 700 bytes at any alignment clears these and no others.",
		Source:   "Go runtime/memclr_<arch>.s (also DC ZVA, DCBZ, REP STOSQ)",
		Breaks:   "New memory is not zero: values appear that nobody stored, also secrets.",
		Run:      clearMemory,
	}, suite.Case{
		ID:       "floats/exclusive-or",
		Contract: "subtle.XORBytes gives the exclusive or of every byte, at every alignment and length.",
		Source:   "Go crypto/internal/fips140/subtle/xor_<arch>.s",
		Breaks:   "Stream ciphers encrypt some bytes with nothing.",
		Run:      exclusiveOr,
	})
}

var beyond byte

// shortened is what vector code works on. The faults: it forgets the odd bytes behind the last whole vector, or reads
// a byte that is not its own.
func shortened(b []byte) []byte {
	if suite.Planted("floats-vector-tail") && len(b) > 16 {
		return b[:len(b)-1]
	}
	if suite.Planted("floats-reads-beyond") && len(b) > 16 {
		beyond = *(*byte)(unsafe.Add(unsafe.Pointer(&b[0]), len(b)))
	}
	return b
}

// atEdges runs a check on slices of every length up to most, which end at the end of a page, begin at its beginning,
// or lie at each alignment within.
func atEdges(t *suite.T, most int, check func(t *suite.T, b []byte) bool) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	page, release := guarded(t)
	defer release()
	for length := range most {
		places := [][]byte{page[len(page)-length:], page[:length]}
		for offset := range 8 {
			places = append(places, page[256+offset*3:][:length])
		}
		for _, b := range places {
			if !check(t, b) {
				return
			}
		}
	}
}

func indexByteHere(t *suite.T, b []byte) bool {
	for i := range b {
		b[i] = 'a'
	}
	for i := range b {
		b[i] = 'x'
		if got := bytes.IndexByte(shortened(b), 'x'); got != i {
			t.Errorf("IndexByte of %d bytes gave %d, expected %d", len(b), got, i)
			return false
		}
		if got := strings.IndexByte(unsafe.String(&b[0], len(b)), 'x'); got != i {
			t.Errorf("strings.IndexByte of %d bytes gave %d, expected %d", len(b), got, i)
			return false
		}
		b[i] = 'a'
	}
	if got := bytes.IndexByte(shortened(b), 'x'); got != -1 {
		t.Errorf("IndexByte of %d bytes gave %d, expected -1: it is not among them", len(b), got)
		return false
	}
	return true
}

func countHere(t *suite.T, b []byte) bool {
	want := 0
	for i := range b {
		b[i] = 'a'
		if i%3 == 0 || i == len(b)-1 {
			b[i] = 'x'
			want++
		}
	}
	if got := bytes.Count(shortened(b), []byte{'x'}); got != want {
		t.Errorf("Count of %d bytes gave %d, expected %d", len(b), got, want)
		return false
	}
	return true
}

func equalHere(t *suite.T, b []byte) bool {
	other := make([]byte, len(b)+1)[1:]
	for i := range b {
		b[i] = byte(i * 5)
		other[i] = byte(i * 5)
	}
	n := len(shortened(b))
	if !bytes.Equal(shortened(b), other[:n]) {
		t.Errorf("Equal of %d bytes says that they differ", len(b))
		return false
	}
	for i := range b {
		b[i] ^= 0x80
		if bytes.Equal(shortened(b), other[:n]) || unsafe.String(&b[0], n) == unsafe.String(&other[0], n) {
			t.Errorf("Equal of %d bytes does not see that byte %d differs", len(b), i)
			return false
		}
		b[i] ^= 0x80
	}
	return true
}

func compareHere(t *suite.T, b []byte) bool {
	other := make([]byte, len(b)+1)[1:]
	for i := range b {
		b[i], other[i] = byte(i), byte(i)
	}
	n := len(shortened(b))
	if got := bytes.Compare(shortened(b), other[:n]); got != 0 {
		t.Errorf("Compare of %d equal bytes gave %d", len(b), got)
		return false
	}
	for i := range b {
		b[i], other[i] = 0x7f, 0x80
		if i+1 < len(b) {
			b[i+1]++ // the first difference counts
		}
		if got, back := bytes.Compare(shortened(b), other[:n]), bytes.Compare(other[:n], b[:n]); got != -1 || back != 1 {
			t.Errorf("Compare of %d bytes that differ at %d gave %d and %d, expected -1 and 1", len(b), i, got, back)
			return false
		}
		if i+1 < len(b) {
			b[i+1]--
		}
		b[i], other[i] = byte(i), byte(i)
	}
	if n > 0 && (bytes.Compare(b[:n-1], other[:n]) != -1 || bytes.Compare(b, other[:n-1]) != 1) {
		t.Errorf("Compare of %d bytes and their beginning does not put the shorter first", len(b))
		return false
	}
	return true
}

func indexHere(t *suite.T, b []byte) bool {
	for _, size := range []int{1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 47, 63, 64, 70} {
		if size > len(b) {
			break
		}
		needle := []byte(strings.Repeat("a", size-1) + "b")
		for i := range b {
			b[i] = 'a'
		}
		if got := bytes.Index(shortened(b), needle); got != -1 {
			t.Errorf("Index of %d bytes in %d gave %d, expected -1", size, len(b), got)
			return false
		}
		for _, at := range []int{0, (len(b) - size) / 2, len(b) - size} {
			b[at+size-1] = 'b'
			if got := bytes.Index(shortened(b), needle); got != at {
				t.Errorf("Index of %d bytes in %d gave %d, expected %d", size, len(b), got, at)
				return false
			}
			b[at+size-1] = 'a'
		}
	}
	return true
}

// move copies. The fault: always forwards.
func move(to, from []byte) {
	if suite.Planted("floats-copies-forwards") {
		for i := range from {
			to[i] = from[i]
		}
		return
	}
	copy(to, from)
}

func copyOverlapping(t *suite.T) {
	const room = 1200
	row, want := make([]byte, room), make([]byte, room)
	numbers := stream(15)
	pattern := numbers.fill(make([]byte, room))
	sizes := make([]int, 0, 200)
	for n := range 140 {
		sizes = append(sizes, n)
	}
	sizes = append(sizes, 191, 192, 193, 255, 256, 257, 259, 511, 512, 513, 520)
	for _, size := range sizes {
		for _, shift := range []int{-300, -65, -33, -16, -9, -8, -7, -3, -1, 0, 1, 2, 4, 7, 8, 15, 16, 17, 31, 64, 129, 300} {
			from := 320 + size%5
			copy(row, pattern)
			copy(want, pattern)
			for i := range size {
				want[from+shift+i] = pattern[from+i]
			}
			move(row[from+shift:from+shift+size], row[from:from+size])
			if !bytes.Equal(row, want) {
				t.Fatalf("%d bytes moved by %+d are not as they were, or others changed", size, shift)
			}
		}
	}
}

func clearMemory(t *suite.T) {
	row, full := make([]byte, 5000), bytes.Repeat([]byte{0xa5}, 5000)
	sizes := []int{1023, 1024, 1025, 2048, 2049, 4096}
	for n := range 300 {
		sizes = append(sizes, n)
	}
	for _, size := range sizes {
		for offset := range 9 {
			copy(row, full)
			cleared := row[64+offset:][:size]
			clear(shortened(cleared))
			for i, b := range row[:size+200] {
				inside := i >= 64+offset && i < 64+offset+size
				if inside != (b == 0) {
					t.Fatalf("clearing %d bytes at offset %d: byte %d of them is %#x", size, offset, i-64-offset, b)
				}
			}
		}
	}
}

func exclusiveOr(t *suite.T) {
	numbers := stream(16)
	a, b := numbers.fill(make([]byte, 400)), numbers.fill(make([]byte, 400))
	for length := range 270 {
		for offset := range 5 {
			to := make([]byte, length+offset+1)
			x, y := a[offset:][:length], b[2*offset:][:length]
			n := subtle.XORBytes(to[offset:], shortened(x), y)
			for i := range length {
				if to[offset+i] != x[i]^y[i] {
					t.Fatalf("%d bytes at offset %d: byte %d is %#x, expected %#x", length, offset, i, to[offset+i], x[i]^y[i])
				}
			}
			if n != length || to[len(to)-1] != 0 {
				t.Fatalf("%d bytes at offset %d: %d were told, the byte behind is %#x", length, offset, n, to[len(to)-1])
			}
		}
	}
}
