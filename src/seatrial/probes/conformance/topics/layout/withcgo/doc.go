// Package withcgo asks whether what C compiles, what cgo makes of it and what package syscall has is one layout.
package withcgo
