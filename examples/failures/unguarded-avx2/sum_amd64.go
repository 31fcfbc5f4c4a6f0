package main

//go:noescape
func addBlocks(p *byte, blocks int) uint64

func sum(p []byte) uint64 {
	if len(p) < 32 {
		return sumBytes(p)
	}
	rest := len(p) % 32
	return addBlocks(&p[0], len(p)/32) + sumBytes(p[len(p)-rest:])
}
