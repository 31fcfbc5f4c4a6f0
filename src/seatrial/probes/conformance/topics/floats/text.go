package floats

import (
	"bytes"
	"cmp"
	"compress/flate"
	"encoding/base64"
	"encoding/hex"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "floats/shortest-text",
		Contract: "The shortest text of any float64 and float32 parses to the same bits, and one digit less does not.",
		Source:   "package strconv, FormatFloat with precision -1; Steele and White, 1990",
		Breaks:   "JSON does not bring back the numbers that were sent.",
		Run:      shortestText,
	}, suite.Case{
		ID:       "floats/parsed-to-nearest",
		Contract: "ParseFloat gives the float64 nearest to a decimal, halfway cases and denormals too.",
		Source:   "package strconv, ParseFloat; IEEE 754-2019, 5.12",
		Breaks:   "Numbers from files and the network are off in their last bit.",
		Run:      parsedToNearest,
	}, suite.Case{
		ID:       "floats/utf8-validity",
		Contract: "utf8.Valid accepts what is well formed, wherever it begins, and nothing else.",
		Source:   "RFC 3629, 4; Go unicode/utf8: words of 8 bytes are looked at at once",
		Breaks:   "Good text is refused, or overlong forms get past filters.",
		Run:      utf8Validity,
	}, suite.Case{
		ID:       "floats/base64-and-hex",
		Contract: "base64 and hexadecimal text of every length is what taking six and four bits at a time gives, and back.",
		Source:   "RFC 4648, 4 and 8; Go encoding/base64: eight characters are taken at once on 64-bit ports",
		Breaks:   "Certificates, tokens and mail are garbled.",
		Run:      base64AndHex,
	}, suite.Case{
		ID:       "floats/deflate-round-trip",
		Contract: "What flate compresses at any level comes back as it was.",
		Source:   "RFC 1951; Go compress/flate: matches are found by unaligned loads and counted zeros",
		Breaks:   "Archives and compressed responses are lost.",
		Run:      deflateRoundTrip,
	}, suite.Case{
		ID:       "floats/sorted-and-stable",
		Contract: "Sorting puts NaN first and the rest in order; stable sorting keeps equal elements as they were.",
		Source:   "package slices, Sort and SortStableFunc; package cmp, Less",
		Breaks:   "Binary searches miss what is there; pages of results repeat and skip entries.",
		Run:      sortedAndStable,
	})
}

// parsed is the number in a text. The fault: its last digit is forgotten.
func parsed(text string, bits int) float64 {
	if suite.Planted("floats-digit-forgotten") && len(text) > 12 && !strings.ContainsAny(text, "e") {
		text = text[:len(text)-1] + "0"
	}
	x, _ := strconv.ParseFloat(text, bits)
	return x
}

func shortestText(t *suite.T) {
	numbers := stream(24)
	for range 4000 {
		x := math.Float64frombits(numbers.bits())
		if numbers.below(4) == 0 {
			x = numbers.between(-20, 40)
		}
		if !finite(x) {
			continue
		}
		text := strconv.FormatFloat(x, 'g', -1, 64)
		if back := parsed(text, 64); !same(back, x) {
			t.Fatalf("%x is written %s, which is %x", x, text, back)
		}
		count := len(strings.TrimLeft(strings.NewReplacer("-", "", ".", "").Replace(strings.Split(text, "e")[0]), "0"))
		shorter := strconv.FormatFloat(x, 'e', max(count-2, 0), 64)
		if back, _ := strconv.ParseFloat(shorter, 64); same(back, x) && count > 1 && !strings.HasSuffix(strings.Split(text, "e")[0], "0") {
			t.Fatalf("%x is written %s, but %s is shorter", x, text, shorter)
		}
		single := float32(x)
		if !finite(float64(single)) {
			continue
		}
		if back := parsed(strconv.FormatFloat(float64(single), 'g', -1, 32), 32); float32(back) != single {
			t.Fatalf("the float32 %x is written %v, which is %x", single, single, back)
		}
	}
}

func parsedToNearest(t *suite.T) {
	for text, want := range map[string]float64{
		"1.00000000000000011102230246251565404236316680908203125": 1, // 1 + 2^-53, ties to even
		"1.00000000000000011102230246251565404236316680908203126": 1 + 0x1p-52,
		"1.00000000000000033306690738754696212708950042724609375": 1 + 0x1p-51,
		"2.2250738585072011e-308":                                 0x0.fffffffffffffp-1022,
		"2.2250738585072012e-308":                                 0x1p-1022,
		"5e-324":                                                  0x1p-1074,
		"2.4703282292062327e-324":                                 0,
		"2.4703282292062328e-324":                                 0x1p-1074,
		"1.7976931348623157e308":                                  math.MaxFloat64,
		"1.7976931348623159e308":                                  math.Inf(1),
		"9007199254740993":                                        9007199254740992,
		"9007199254740993.00000000000000000000000000000001":       9007199254740994,
		"0x1.8p1": 3,
	} {
		if got := parsed(text, 64); !same(got, want) {
			t.Errorf("%s is %x, expected %x", text, got, want)
		}
	}
}

func valid(b []byte) bool {
	if suite.Planted("floats-vector-tail") && len(b) > 8 {
		b = b[:len(b)&^7]
	}
	return utf8.Valid(b)
}

func utf8Validity(t *suite.T) {
	well := []string{"", "a", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff", "\U00010000", "\U0010ffff"}
	ill := []string{
		"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xef\xbf", "\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe",
	}
	for before := range 35 {
		for _, text := range well {
			if whole := strings.Repeat("a", before) + text; !valid([]byte(whole)) || !utf8.ValidString(whole) {
				t.Errorf("%+q behind %d letters is refused", text, before)
			}
		}
		for _, text := range ill {
			if whole := strings.Repeat("a", before) + text; valid([]byte(whole)) || utf8.ValidString(whole) {
				t.Errorf("%q behind %d letters is accepted", text, before)
			}
		}
	}
}

func base64AndHex(t *suite.T) {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	numbers := stream(25)
	for length := range 200 {
		data := numbers.fill(make([]byte, length))
		var want, wantHex strings.Builder
		for i := 0; i < length*8; i += 6 {
			six := 0
			for bit := i; bit < i+6; bit++ {
				six <<= 1
				if bit < length*8 {
					six |= int(data[bit/8]>>(7-bit%8)) & 1
				}
			}
			want.WriteByte(letters[six])
		}
		for want.Len()%4 != 0 {
			want.WriteByte('=')
		}
		for _, b := range data {
			wantHex.WriteString(digit16(b>>4) + digit16(b&15))
		}
		text := base64.StdEncoding.EncodeToString(fed(data))
		back, err := base64.StdEncoding.DecodeString(want.String())
		if text != want.String() || err != nil || !bytes.Equal(back, data) {
			t.Fatalf("%x is %s in base64, expected %s; back it is %x (%v)", data, text, want.String(), back, err)
		}
		backHex, err := hex.DecodeString(wantHex.String())
		if got := hex.EncodeToString(data); got != wantHex.String() || err != nil || !bytes.Equal(backHex, data) {
			t.Fatalf("%d bytes are %s in hexadecimal, expected %s; back they are %x (%v)", length, got, wantHex.String(), backHex, err)
		}
	}
}

func digit16(n byte) string { return string("0123456789abcdef"[n]) }

func deflateRoundTrip(t *suite.T) {
	numbers := stream(26)
	data := numbers.fill(make([]byte, 2000))
	for len(data) < 40_000 { // repeats at all distances and lengths
		from := numbers.below(len(data) - 300)
		data = append(data, data[from:from+3+numbers.below(297)]...)
	}
	for _, level := range []int{flate.HuffmanOnly, flate.BestSpeed, 3, 6} {
		var packed bytes.Buffer
		writer, err := flate.NewWriter(&packed, level)
		if err != nil {
			t.Fatalf("level %d: %v", level, err)
		}
		writer.Write(fed(data))
		writer.Close()
		back, err := io.ReadAll(flate.NewReader(&packed))
		if err != nil || !bytes.Equal(back, data) {
			t.Fatalf("level %d: %d bytes came back as %d others (%v)", level, len(data), len(back), err)
		}
	}
}

func sortedAndStable(t *suite.T) {
	numbers := stream(27)
	for _, count := range []int{2, 11, 12, 13, 50, 1000} {
		row := make([]float64, count)
		for i := range row {
			if row[i] = numbers.between(-3, 3); numbers.below(9) == 0 {
				row[i] = math.NaN()
			}
		}
		if suite.Planted("floats-unordered-is-less") {
			slices.SortFunc(row, func(a, b float64) int {
				if less(a, b) {
					return -1
				}
				return 1
			})
		} else {
			slices.Sort(row)
		}
		for i := 1; i < count; i++ {
			if !cmp.Less(row[i-1], row[i]) && cmp.Compare(row[i-1], row[i]) != 0 {
				t.Fatalf("%d numbers: %v stands before %v", count, row[i-1], row[i])
			}
		}
		pairs := make([][2]int, count)
		for i := range pairs {
			pairs[i] = [2]int{numbers.below(10), i}
		}
		slices.SortStableFunc(pairs, func(a, b [2]int) int { return a[0] - b[0] })
		for i := 1; i < count; i++ {
			if pairs[i-1][0] > pairs[i][0] || pairs[i-1][0] == pairs[i][0] && pairs[i-1][1] > pairs[i][1] {
				t.Fatalf("%d pairs: %v stands before %v", count, pairs[i-1], pairs[i])
			}
		}
	}
}
