//go:build cgo

package suite

const withCgo = true
