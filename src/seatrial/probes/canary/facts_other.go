//go:build !linux

package main

func machine(map[string]any) {}
