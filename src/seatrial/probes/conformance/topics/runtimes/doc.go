// Package runtimes asks what the Go runtime does under load: collection, stacks, preemption.
package runtimes
