// Package layout asks whether C, cgo and package syscall agree on structures, byte for byte.
package layout
