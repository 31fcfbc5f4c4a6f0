//go:build !amd64.v3

package floats

// variant is the part of the instruction set that the compiler may use beyond the port's own.
const variant = ""
