package main

func sumBytes(p []byte) uint64 {
	var total uint64
	for _, b := range p {
		total += uint64(b)
	}
	return total
}
