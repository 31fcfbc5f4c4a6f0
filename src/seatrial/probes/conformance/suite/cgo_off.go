//go:build !cgo

package suite

const withCgo = false
