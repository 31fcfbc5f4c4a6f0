// Package load asks the standard library under load, bounded and on loopback.
package load
