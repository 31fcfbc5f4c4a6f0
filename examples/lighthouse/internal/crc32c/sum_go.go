//go:build !cgo || !(linux || windows)

package crc32c

// Implementation names the code that Sum uses.
const Implementation = "Go"

// Sum returns the CRC-32C of data (RFC 3720, appendix B.4).
func Sum(data []byte) uint32 {
	return inGo(data)
}
