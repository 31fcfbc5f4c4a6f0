//go:build !linux

package suite

func machine(map[string]any) {}
