// Package logbook keeps sightings in a file that only grows.
//
// A record is one line: the CRC-32C of the JSON in eight hex digits, a space, the JSON. A record is on the disk before
// Append returns. What a crash leaves behind is at most one unfinished line at the end, and Open cuts it off; damage
// anywhere else is an error that names the place.
package logbook

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"seatrial.example/lighthouse/internal/chart"
	"seatrial.example/lighthouse/internal/crc32c"
)

// A line is longer than this only when something else than Append wrote it.
const longestLine = 64 << 10

// Sighting says that a ship was seen at a place and a time.
type Sighting struct {
	Ship string `json:"ship"`
	chart.Position
	Seen time.Time `json:"seen"`
}

// Book is an open logbook. It may be used from several goroutines.
type Book struct {
	mutex     sync.RWMutex
	file      *os.File
	size      int64
	sightings []Sighting
	broken    error // set when the file's end is not known any more
}

// DamagedError is returned by Open for a record that does not agree with its checksum.
type DamagedError struct {
	Path   string
	Offset int64
	Reason string
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("%s: damaged record at byte %d: %s", e.Path, e.Offset, e.Reason)
}

// Open opens the logbook at path and reads it, or starts an empty one.
func Open(path string) (*Book, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	book := &Book{file: file}
	if err := book.load(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return book, nil
}

// load reads all records, cuts off an unfinished last line and makes the file itself durable.
func (b *Book) load() error {
	reader := bufio.NewReaderSize(b.file, longestLine)
	for {
		line, err := reader.ReadSlice('\n')
		if err == io.EOF {
			break // with an unfinished line, or none, in hand
		}
		if err == nil {
			err = b.decode(line[:len(line)-1])
		}
		if err != nil {
			return &DamagedError{b.file.Name(), b.size, err.Error()}
		}
		b.size += int64(len(line))
	}
	if err := b.file.Truncate(b.size); err != nil {
		return err
	}
	if _, err := b.file.Seek(b.size, io.SeekStart); err != nil {
		return err
	}
	if err := b.file.Sync(); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(b.file.Name()))
}

func (b *Book) decode(line []byte) error {
	sum, text, found := bytes.Cut(line, []byte{' '})
	if !found {
		return errors.New("it has no checksum")
	}
	want, err := strconv.ParseUint(string(sum), 16, 32)
	if err != nil {
		return fmt.Errorf("its checksum is unreadable: %w", err)
	}
	if got := crc32c.Sum(text); got != uint32(want) {
		return fmt.Errorf("its checksum is %08x, the record's own is %08x", got, want)
	}
	var sighting Sighting
	if err := json.Unmarshal(text, &sighting); err != nil {
		return err
	}
	b.sightings = append(b.sightings, sighting)
	return nil
}

// Append writes a sighting and returns once it is on the disk.
func (b *Book) Append(sighting Sighting) error {
	text, err := json.Marshal(sighting)
	if err != nil {
		return err
	}
	line := fmt.Appendf(nil, "%08x %s\n", crc32c.Sum(text), text)
	if len(line) > longestLine {
		return fmt.Errorf("a record of %d bytes is longer than %d", len(line), longestLine)
	}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.broken != nil {
		return b.broken
	}
	if err := b.write(line); err != nil {
		// A record after half a record would be unreadable: nothing more is written until the file is opened again.
		b.broken = fmt.Errorf("the logbook takes no more records: %w", err)
		return b.broken
	}
	b.size += int64(len(line))
	b.sightings = append(b.sightings, sighting)
	return nil
}

func (b *Book) write(line []byte) error {
	if _, err := b.file.Write(line); err != nil {
		return err
	}
	return b.file.Sync()
}

// Sightings returns the newest sightings, newest first: those of one ship, or of all where ship is empty.
func (b *Book) Sightings(ship string, limit int) []Sighting {
	b.mutex.RLock()
	defer b.mutex.RUnlock()
	found := []Sighting{}
	for _, sighting := range slices.Backward(b.sightings) {
		if len(found) == limit {
			break
		}
		if ship == "" || sighting.Ship == ship {
			found = append(found, sighting)
		}
	}
	return found
}

// Len returns the number of sightings.
func (b *Book) Len() int {
	b.mutex.RLock()
	defer b.mutex.RUnlock()
	return len(b.sightings)
}

// Err returns why no more sightings can be kept, or nil.
func (b *Book) Err() error {
	b.mutex.RLock()
	defer b.mutex.RUnlock()
	return b.broken
}

// Close closes the file. Append fails from then on.
func (b *Book) Close() error {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.file.Close()
}
