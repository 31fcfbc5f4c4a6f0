// Package syscalls asks the kernel's system-call contract: numbers, errors, restarts.
package syscalls
