//go:build amd64

package withcgo

// #include "registers.h"
import "C"

import "seatrial.example/conformance/suite"

func init() {
	suite.Register(suite.Case{
		ID:       "cgocalls/wide-vectors",
		Contract: "C code that uses 32-byte AVX vectors, spilled to aligned slots, computes right on a thread of Go's.",
		Source:   "System V AMD64 3.2.1 and 3.2.3, __m256; Intel SDM 1, 13: XSAVE-managed state",
		Breaks:   "Libraries built for x86-64-v3 crash or lose the upper halves of their vectors.",
		Run: func(t *suite.T) {
			switch C.cgocalls_vectors32() {
			case -1:
				t.NA("this processor, or its system, has no AVX")
			case 0:
				t.Errorf("a vector of four doubles, rotated and increased six times, is wrong")
			}
		},
	})
}
