// Package withcgo asks how the floating-point units of C and of Go get along: modes, flags, and the C library's functions.
package withcgo
