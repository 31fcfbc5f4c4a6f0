// Package signals asks delivery of signals, and what faults of the CPU become.
package signals
