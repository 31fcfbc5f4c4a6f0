//go:build !amd64 && !386

package main

func cpuid(map[string]any) {}
