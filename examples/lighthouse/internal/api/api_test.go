package api

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"seatrial.example/lighthouse/internal/chart"
	"seatrial.example/lighthouse/internal/logbook"
)

// serve starts a real server on the loopback interface with an empty logbook.
func serve(t *testing.T) (*httptest.Server, *logbook.Book) {
	t.Helper()
	book, err := logbook.Open(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	station := Station{"Fastnet", chart.Position{Latitude: 51.389, Longitude: -9.603}, 27}
	now := time.Date(2026, 11, 20, 7, 0, 0, 0, time.FixedZone("CST", 8*60*60))
	server := httptest.NewServer(New(book, func() Station { return station }, func() time.Time { return now }))
	t.Cleanup(func() { // the server first: its handlers use the book
		server.Close()
		book.Close()
	})
	return server, book
}

func request(t *testing.T, method, url, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(data)
}

func TestASightingIsKeptAndShown(t *testing.T) {
	server, _ := serve(t)
	status, body := request(t, "POST", server.URL+"/sightings", `{"ship": " Fram ", "latitude": 51.5, "longitude": -9}`)
	want := `{"ship":"Fram","latitude":51.5,"longitude":-9,"seen":"2026-11-19T23:00:00Z","distance":23.5,"bearing":73,"in_range":true}`
	if status != http.StatusCreated || strings.TrimSpace(body) != want {
		t.Fatalf("POST: %d %s, want 201 %s", status, body, want)
	}
	request(t, "POST", server.URL+"/sightings", `{"ship":"Maud","latitude":0,"longitude":0,"seen":"2026-11-20T08:00:00+08:00"}`)

	var entries []entry
	status, body = request(t, "GET", server.URL+"/sightings", "")
	if err := json.Unmarshal([]byte(body), &entries); err != nil || status != http.StatusOK || len(entries) != 2 {
		t.Fatalf("GET: %d %s (%v)", status, body, err)
	}
	if first := entries[0]; first.Ship != "Maud" || first.InRange || first.Seen.Format(time.RFC3339) != "2026-11-20T00:00:00Z" {
		t.Errorf("the newest entry is %+v", first)
	}
	if _, body = request(t, "GET", server.URL+"/sightings?ship=Fram&limit=5", ""); strings.TrimSpace(body) != "["+want+"]" {
		t.Errorf("GET of one ship: %s", body)
	}
	if _, body = request(t, "GET", server.URL+"/sightings?ship=Gj%C3%B8a", ""); strings.TrimSpace(body) != "[]" {
		t.Errorf("GET of a ship that was not seen: %s", body)
	}
}

func TestWhatIsRefused(t *testing.T) {
	tests := []struct {
		name, method, path, body string
		status                   int
		says                     string
	}{
		{"no JSON", "POST", "/sightings", "ahoy", http.StatusBadRequest, "invalid character"},
		{"an unknown field", "POST", "/sightings", `{"ship":"Fram","speed":9}`, http.StatusBadRequest, "speed"},
		{"no name", "POST", "/sightings", `{"ship":"  "}`, http.StatusUnprocessableEntity, "1 to 80"},
		{"a long name", "POST", "/sightings", `{"ship":"` + strings.Repeat("ø", 81) + `"}`, http.StatusUnprocessableEntity, "1 to 80"},
		{"off the Earth", "POST", "/sightings", `{"ship":"Fram","latitude":91}`, http.StatusUnprocessableEntity, "latitude 91"},
		{"a large body", "POST", "/sightings", `{"ship":"` + strings.Repeat("a", largestBody) + `"}`, http.StatusRequestEntityTooLarge, "too large"},
		{"a limit in words", "GET", "/sightings?limit=many", "", http.StatusBadRequest, "many"},
		{"a limit of none", "GET", "/sightings?limit=0", "", http.StatusBadRequest, "1 to 1000"},
		{"a wrong method", "DELETE", "/sightings", "", http.StatusMethodNotAllowed, ""},
		{"a wrong path", "GET", "/nowhere", "", http.StatusNotFound, ""},
	}
	server, book := serve(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, body := request(t, test.method, server.URL+test.path, test.body)
			if status != test.status || !strings.Contains(body, test.says) {
				t.Errorf("%d %s, want %d with %q", status, body, test.status, test.says)
			}
		})
	}
	if book.Len() != 0 {
		t.Errorf("%d sightings were kept", book.Len())
	}
}

func TestHealthTellsOfABrokenLogbook(t *testing.T) {
	server, book := serve(t)
	if status, body := request(t, "GET", server.URL+"/healthz", ""); status != http.StatusOK || body != "ok\n" {
		t.Fatalf("%d %s", status, body)
	}
	book.Close()
	if status, _ := request(t, "POST", server.URL+"/sightings", `{"ship":"Fram"}`); status != http.StatusInternalServerError {
		t.Errorf("POST: %d, want 500", status)
	}
	if status, body := request(t, "GET", server.URL+"/healthz", ""); status != http.StatusServiceUnavailable {
		t.Errorf("healthz: %d %s, want 503", status, body)
	}
}

func TestStationAndPage(t *testing.T) {
	server, _ := serve(t)
	_, body := request(t, "GET", server.URL+"/station", "")
	if !strings.Contains(body, `"name":"Fastnet"`) || !strings.Contains(body, `"sightings":0`) {
		t.Errorf("station: %s", body)
	}
	if status, body := request(t, "GET", server.URL+"/", ""); status != http.StatusOK || !strings.Contains(body, "<title>Lighthouse</title>") {
		t.Errorf("page: %d %.60s", status, body)
	}
}
