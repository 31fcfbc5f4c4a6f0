// Package linking asks dynamic loading; most of its cases are in withcgo.
package linking
