package code

import (
	"runtime"
	"runtime/debug"
	"slices"
	"sync"

	"seatrial.example/reader/image"
)

// Site is a place in the code that names an address.
type Site struct{ PC, Addr uint64 }

// Piece is a part of the code that is looked through at once. Body has a little of what follows too, for an instruction
// that begins in the piece.
type Piece struct {
	image.Range
	Body []byte
}

const (
	pieceSize = 1 << 20
	following = 64
)

// InPieces looks through all the code, several pieces at a time, and gives what was told of each, in their order.
func InPieces[Told any](l *List, look func(Piece) Told) []Told {
	var pieces []image.Range
	for _, r := range l.Image.Code() {
		for at := r.Start; at < r.End; at += pieceSize {
			pieces = append(pieces, image.Range{Start: at, End: min(at+pieceSize, r.End), Name: r.Name})
		}
	}
	told := make([]Told, len(pieces))
	var fault any
	var failing sync.Mutex
	var wait sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, r := range pieces {
		slots <- struct{}{}
		wait.Go(func() {
			debug.SetPanicOnFault(true)
			defer func() {
				if one := recover(); one != nil {
					failing.Lock()
					fault = one
					failing.Unlock()
				}
				<-slots
			}()
			told[i] = look(Piece{r, around(l.Image, r)})
		})
	}
	wait.Wait()
	if fault != nil {
		panic(fault) // of whoever asked
	}
	return told
}

func around(m *image.Image, r image.Range) []byte {
	for extra := uint64(following); ; extra /= 4 {
		if body, err := m.Bytes(r.Start, r.End-r.Start+extra); err == nil {
			return body
		}
		if extra == 0 {
			return nil
		}
	}
}

// Entries is the begins of all functions.
func (l *List) Entries() *Addresses { return l.entries() }

func (l *List) findEntries() *Addresses {
	entries := NewAddresses(l.Image)
	for i := range l.Funcs {
		entries.Add(l.Funcs[i].Entry)
	}
	return entries
}

// LocalEntry is how far behind its begin a function is called from its own module (64-bit ELF V2 ABI of Power, 2.3.2.1): C,
// and Go that is position-independent.
func (l *List) LocalEntry() uint64 {
	if l.Image.GOARCH == "ppc64le" {
		return 8
	}
	return 0
}

// Calls is what may be a direct call of a function or a jump to its begin, by pieces of the code, in order.
func (l *List) Calls() [][]Site { return l.calls() }

func (l *List) findCalls() [][]Site {
	if l.Machine == nil {
		return nil
	}
	entries, local := l.Entries(), l.LocalEntry()
	return InPieces(l, func(p Piece) []Site {
		room := Room()
		defer room.Leave()
		l.Machine.Calls(p.Body, p.Start, entries.low, entries.high+local, func(pc, target uint64) {
			if !entries.Has(target) {
				target -= local
			}
			if pc < p.End && entries.Has(target) {
				room.Sites = append(room.Sites, Site{pc, target})
			}
		})
		return slices.Clone(room.Sites)
	})
}

// Collected is room for sites until it is known how many there are.
type Collected struct{ Sites []Site }

var rooms struct { // not a sync.Pool, which forgets what grew
	sync.Mutex
	free []*Collected
}

// Room gives empty room, which is to be left again.
func Room() *Collected {
	rooms.Lock()
	defer rooms.Unlock()
	last := len(rooms.free) - 1
	if last < 0 {
		return &Collected{}
	}
	room := rooms.free[last]
	rooms.free = rooms.free[:last]
	return room
}

// Leave gives the room to the next one. The sites are to be copied before.
func (c *Collected) Leave() {
	c.Sites = c.Sites[:0]
	rooms.Lock()
	defer rooms.Unlock()
	rooms.free = append(rooms.free, c)
}
