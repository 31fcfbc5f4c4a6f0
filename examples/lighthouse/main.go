// Lighthouse keeps a logbook of the ships that pass, over HTTP.
//
//	lighthouse -listen 127.0.0.1:8080 -log sightings.log -station station.json
//
// SIGINT and SIGTERM stop it after the requests at hand are answered; SIGHUP makes it read the station file again
// (not on Windows, which has no such signal).
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync/atomic"
	"time"

	"seatrial.example/lighthouse/internal/api"
	"seatrial.example/lighthouse/internal/chart"
	"seatrial.example/lighthouse/internal/logbook"
)

// How long requests at hand may take once the program was told to stop.
const grace = 3 * time.Second

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "`address` to serve on; port 0 takes a free one")
	log := flag.String("log", "sightings.log", "`file` to keep the sightings in")
	station := flag.String("station", "", "JSON `file` with name, latitude, longitude and range of the lighthouse")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "lighthouse: unexpected argument %q\n", flag.Arg(0))
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), stopSignals...)
	defer stop()
	if err := serve(ctx, *listen, *log, *station); err != nil {
		fmt.Fprintln(os.Stderr, "lighthouse:", err)
		os.Exit(1)
	}
}

// serve runs the lighthouse until ctx ends.
func serve(ctx context.Context, listen, log, stationFile string) (err error) {
	var station atomic.Pointer[api.Station]
	first, err := readStation(stationFile)
	if err != nil {
		return err
	}
	station.Store(&first)

	book, err := logbook.Open(log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.Close()) }()

	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	hangup := make(chan os.Signal, 1)
	notifyReload(hangup)
	defer signal.Stop(hangup)

	server := &http.Server{
		Handler:           api.New(book, func() api.Station { return *station.Load() }, time.Now),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	slog.Info("listening", "address", listener.Addr().String(), "station", first.Name, "sightings", book.Len())

	for {
		select {
		case <-hangup:
			reload(&station, stationFile)
		case err := <-ended:
			return err
		case <-ctx.Done():
			slog.Info("stopping")
			// Not derived from ctx, which has ended.
			shutdown, cancel := context.WithTimeout(context.Background(), grace)
			defer cancel()
			return server.Shutdown(shutdown)
		}
	}
}

// reload reads the station file again; a bad one changes nothing.
func reload(station *atomic.Pointer[api.Station], path string) {
	next, err := readStation(path)
	if err != nil {
		slog.Error("the station stays as it was", "error", err)
		return
	}
	station.Store(&next)
	slog.Info("read the station again", "station", next.Name)
}

// readStation returns the station described in a JSON file, or a default one where path is empty.
func readStation(path string) (api.Station, error) {
	station := api.Station{
		Name:     "Fastnet",
		Position: chart.Position{Latitude: 51.389, Longitude: -9.603},
		Range:    27,
	}
	if path == "" {
		return station, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return station, err
	}
	if err := json.Unmarshal(data, &station); err != nil {
		return station, fmt.Errorf("%s: %w", path, err)
	}
	if err := station.Check(); err != nil {
		return station, fmt.Errorf("%s: %w", path, err)
	}
	return station, nil
}
