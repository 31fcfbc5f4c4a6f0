// Package memory asks mapping and protection of memory.
package memory
