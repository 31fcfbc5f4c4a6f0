// Package atomics asks atomic operations and memory order.
package atomics
