// Package cgocalls asks calls between Go and C; all its cases are in withcgo.
package cgocalls
