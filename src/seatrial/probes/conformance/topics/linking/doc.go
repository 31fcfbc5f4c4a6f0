// Package linking asks dynamic loading; its cases are in withcgo.
package linking
