// Package withcgo asks about signals and faults in programs that are half C.
package withcgo
