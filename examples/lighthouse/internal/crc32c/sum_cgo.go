//go:build cgo && (linux || windows)

package crc32c

// #include "crc32c.h"
import "C"

import "unsafe"

// Implementation names the code that Sum uses.
const Implementation = "C"

// Sum returns the CRC-32C of data (RFC 3720, appendix B.4).
func Sum(data []byte) uint32 {
	return uint32(C.lighthouse_crc32c((*C.uint8_t)(unsafe.SliceData(data)), C.size_t(len(data))))
}
