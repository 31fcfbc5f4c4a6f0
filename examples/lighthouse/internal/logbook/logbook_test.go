package logbook

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"seatrial.example/lighthouse/internal/chart"
)

var seen = time.Date(2026, 11, 20, 6, 30, 0, 0, time.UTC)

func sighting(ship string, minute int) Sighting {
	return Sighting{ship, chart.Position{Latitude: 51.4, Longitude: -9.6}, seen.Add(time.Duration(minute) * time.Minute)}
}

func open(t *testing.T, path string) *Book {
	t.Helper()
	book, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { book.Close() })
	return book
}

// filled returns the path of a closed logbook with two sightings.
func filled(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log")
	book := open(t, path)
	for minute, ship := range []string{"Fram", "Gjøa"} {
		if err := book.Append(sighting(ship, minute)); err != nil {
			t.Fatal(err)
		}
	}
	if err := book.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSightingsOutliveTheBook(t *testing.T) {
	book := open(t, filled(t))
	want := []Sighting{sighting("Gjøa", 1), sighting("Fram", 0)}
	if got := book.Sightings("", 10); !reflect.DeepEqual(got, want) {
		t.Errorf("Sightings = %v, want %v", got, want)
	}
	if got := book.Sightings("Fram", 10); !reflect.DeepEqual(got, want[1:]) {
		t.Errorf("Sightings of Fram = %v, want %v", got, want[1:])
	}
	if got := book.Sightings("", 1); !reflect.DeepEqual(got, want[:1]) {
		t.Errorf("the newest sighting is %v, want %v", got, want[:1])
	}
}

// The same bytes on every platform: whatever its byte order, its C compiler or its way to compute the checksum.
func TestTheFileIsTheSameEverywhere(t *testing.T) {
	got, err := os.ReadFile(filled(t))
	if err != nil {
		t.Fatal(err)
	}
	want := `1a0d46e5 {"ship":"Fram","latitude":51.4,"longitude":-9.6,"seen":"2026-11-20T06:30:00Z"}
24c6e7ab {"ship":"Gjøa","latitude":51.4,"longitude":-9.6,"seen":"2026-11-20T06:31:00Z"}
`
	if string(got) != want {
		t.Errorf("the file holds\n%swant\n%s", got, want)
	}
}

func TestAnUnfinishedRecordIsCutOff(t *testing.T) {
	path := filled(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for length := len(whole) - 1; whole[length-1] != '\n'; length-- {
		if err := os.Truncate(path, int64(length)); err != nil {
			t.Fatal(err)
		}
		book, err := Open(path)
		if err != nil {
			t.Fatalf("cut to %d bytes: %v", length, err)
		}
		if book.Len() != 1 {
			t.Fatalf("cut to %d bytes: %d sightings are left, want 1", length, book.Len())
		}
		if err := book.Append(sighting("Gjøa", 1)); err != nil {
			t.Fatal(err)
		}
		book.Close()
		if again, err := os.ReadFile(path); err != nil || string(again) != string(whole) {
			t.Fatalf("cut to %d bytes and written again: %q, %v", length, again, err)
		}
	}
}

func TestDamageIsFound(t *testing.T) {
	path := filled(t)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		data string
	}{
		{"a flipped bit in the text", string(flip(whole, 20))},
		{"a flipped bit in the checksum", string(flip(whole, 3))},
		{"no checksum", "{}\n" + string(whole)},
		{"a checksum that is no number", "zzzzzzzz {}\n" + string(whole)},
		{"a right checksum of what is no sighting", "e3069283 123456789\n" + string(whole)},
		{"a line without end", string(make([]byte, longestLine+1))},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := os.WriteFile(path, []byte(test.data), 0o644); err != nil {
				t.Fatal(err)
			}
			_, err := Open(path)
			var damaged *DamagedError
			if !errors.As(err, &damaged) || damaged.Offset != 0 {
				t.Errorf("Open: %v, want damage at byte 0", err)
			}
			if after, _ := os.ReadFile(path); string(after) != test.data {
				t.Error("Open changed a damaged file")
			}
		})
	}
}

func flip(data []byte, offset int) []byte {
	changed := append([]byte(nil), data...)
	changed[offset] ^= 1
	return changed
}

func TestManyWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	book := open(t, path)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for minute := range 5 {
				if err := book.Append(sighting("Maud", minute)); err != nil {
					t.Error(err)
				}
				book.Sightings("Maud", 3)
			}
		})
	}
	group.Wait()
	book.Close()
	if got := open(t, path).Len(); got != 40 {
		t.Errorf("%d sightings were kept, want 40", got)
	}
}

func TestAppendAfterClose(t *testing.T) {
	book := open(t, filepath.Join(t.TempDir(), "log"))
	book.Close()
	for range 2 {
		if err := book.Append(sighting("Fram", 0)); !errors.Is(err, os.ErrClosed) {
			t.Errorf("Append = %v, want %v", err, os.ErrClosed)
		}
	}
	if book.Len() != 0 {
		t.Error("a sighting that was not written is shown")
	}
}

func TestOpenRefusesAFolder(t *testing.T) {
	if book, err := Open(t.TempDir()); err == nil {
		book.Close()
		t.Error("no error")
	}
}
