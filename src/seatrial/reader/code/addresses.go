package code

import "seatrial.example/reader/image"

// Addresses is a set of addresses in what the loader maps, one bit for each where some of a page are in it.
type Addresses struct {
	first     uint64 // page
	of        []*[512]uint64
	low, high uint64 // that are in it
}

const pageBits = 15

// NewAddresses is an empty set. Nothing can be put into one of an image whose segments are further apart than 64 GB.
func NewAddresses(m *image.Image) *Addresses {
	low, high := ^uint64(0), uint64(0)
	for _, s := range m.Segments {
		if s.MemSize > 0 {
			low, high = min(low, s.Addr), max(high, s.Addr+s.MemSize)
		}
	}
	if low > high || high-low > 1<<36 {
		return &Addresses{low: 1}
	}
	first := low >> pageBits
	return &Addresses{first: first, of: make([]*[512]uint64, high>>pageBits-first+1), low: ^uint64(0)}
}

// Add puts an address into the set.
func (a *Addresses) Add(addr uint64) {
	n := addr>>pageBits - a.first
	if n >= uint64(len(a.of)) {
		return
	}
	if a.of[n] == nil {
		a.of[n] = new([512]uint64)
	}
	a.of[n][addr>>6&511] |= 1 << (addr & 63)
	a.low, a.high = min(a.low, addr), max(a.high, addr)
}

// Has tells whether an address is in the set.
func (a *Addresses) Has(addr uint64) bool {
	if addr < a.low || addr > a.high {
		return false
	}
	page := a.of[addr>>pageBits-a.first]
	return page != nil && page[addr>>6&511]>>(addr&63)&1 != 0
}
