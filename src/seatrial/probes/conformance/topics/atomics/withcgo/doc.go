// Package withcgo asks what C11 atomics promise, and whether they and Go's agree about the same memory.
package withcgo
