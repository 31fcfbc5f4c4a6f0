// Package clocks asks the clocks and timers of the system.
package clocks
