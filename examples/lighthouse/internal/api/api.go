// Package api is the lighthouse as seen over HTTP.
//
//	GET  /            a page for people
//	GET  /healthz     "ok" while sightings can be kept
//	GET  /station     the lighthouse itself, and the build that is running
//	GET  /sightings   the newest sightings first; ?ship=NAME, ?limit=N (100 where not given)
//	POST /sightings   keep a sighting: {"ship": "Fram", "latitude": 51.4, "longitude": -9.6}
package api

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"seatrial.example/lighthouse/internal/chart"
	"seatrial.example/lighthouse/internal/crc32c"
	"seatrial.example/lighthouse/internal/logbook"
)

const (
	largestBody  = 4 << 10
	longestName  = 80
	defaultLimit = 100
	largestLimit = 1000
)

//go:embed page.html
var page []byte

// Station is what a lighthouse says of itself.
type Station struct {
	Name string `json:"name"`
	chart.Position
	Range float64 `json:"range"` // nautical miles
}

type api struct {
	book    *logbook.Book
	station func() Station
	now     func() time.Time
}

// New returns the handler of all paths. station is asked on each request, so that it may change while the program runs.
func New(book *logbook.Book, station func() Station, now func() time.Time) http.Handler {
	a := api{book, station, now}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.page)
	mux.HandleFunc("GET /healthz", a.health)
	mux.HandleFunc("GET /station", a.describe)
	mux.HandleFunc("GET /sightings", a.list)
	mux.HandleFunc("POST /sightings", a.add)
	return mux
}

func (a api) page(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'self' 'unsafe-inline'")
	w.Write(page)
}

func (a api) health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err := a.book.Err(); err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, err)
		return
	}
	fmt.Fprintln(w, "ok")
}

func (a api) describe(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, struct {
		Station
		Sightings int    `json:"sightings"`
		Go        string `json:"go"`
		Platform  string `json:"platform"`
		Checksum  string `json:"checksum"`
	}{a.station(), a.book.Len(), runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, crc32c.Implementation})
}

// entry is a sighting as seen from the station.
type entry struct {
	logbook.Sighting
	Distance float64 `json:"distance"` // nautical miles
	Bearing  int     `json:"bearing"`  // degrees
	InRange  bool    `json:"in_range"`
}

func (a api) list(w http.ResponseWriter, r *http.Request) {
	limit := defaultLimit
	if text := r.FormValue("limit"); text != "" {
		number, err := strconv.Atoi(text)
		if err != nil || number < 1 || number > largestLimit {
			refuse(w, http.StatusBadRequest, fmt.Errorf("limit %q is no number from 1 to %d", text, largestLimit))
			return
		}
		limit = number
	}
	station := a.station()
	entries := []entry{}
	for _, sighting := range a.book.Sightings(r.FormValue("ship"), limit) {
		entries = append(entries, entryOf(sighting, station))
	}
	answer(w, http.StatusOK, entries)
}

func (a api) add(w http.ResponseWriter, r *http.Request) {
	sighting, status, err := a.read(w, r)
	if err != nil {
		refuse(w, status, err)
		return
	}
	if err := a.book.Append(sighting); err != nil {
		slog.Error("a sighting was not kept", "ship", sighting.Ship, "error", err)
		refuse(w, http.StatusInternalServerError, errors.New("the sighting could not be kept"))
		return
	}
	answer(w, http.StatusCreated, entryOf(sighting, a.station()))
}

// read returns the sighting in a request, or why it is none and with what status to say so.
func (a api) read(w http.ResponseWriter, r *http.Request) (logbook.Sighting, int, error) {
	var sighting logbook.Sighting
	decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, largestBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&sighting); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return sighting, http.StatusRequestEntityTooLarge, err
		}
		return sighting, http.StatusBadRequest, err
	}
	sighting.Ship = strings.TrimSpace(sighting.Ship)
	if length := utf8.RuneCountInString(sighting.Ship); length == 0 || length > longestName {
		return sighting, http.StatusUnprocessableEntity, fmt.Errorf("a ship's name has 1 to %d characters", longestName)
	}
	if err := sighting.Check(); err != nil {
		return sighting, http.StatusUnprocessableEntity, err
	}
	if sighting.Seen.IsZero() {
		sighting.Seen = a.now()
	}
	sighting.Seen = sighting.Seen.UTC()
	return sighting, 0, nil
}

func entryOf(sighting logbook.Sighting, station Station) entry {
	distance := station.Distance(sighting.Position)
	return entry{sighting, distance, station.Bearing(sighting.Position), distance <= station.Range}
}

func refuse(w http.ResponseWriter, status int, err error) {
	answer(w, status, map[string]string{"error": err.Error()})
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// The status is sent: what fails now is the connection, and net/http closes it.
	_ = json.NewEncoder(w).Encode(value)
}
