// Package early reads a limit before package syscall raises it. Packages without imports, of which this is one, are
// initialized before those that sort after them (Go specification, "Program initialization").
package early
