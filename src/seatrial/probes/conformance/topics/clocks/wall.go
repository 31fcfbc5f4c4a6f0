package clocks

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "clocks/wall-clock-plausible",
		Contract: "The wall clock shows a date between this suite's making and the year 2100.",
		Source:   "crypto/x509, Certificate.Verify: NotBefore and NotAfter are compared with time.Now",
		Breaks:   "No TLS certificate verifies, tokens are refused, make and go build see files from the future.",
		Run: func(t *suite.T) {
			now := time.Now().UTC()
			if made := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC); now.Before(made) || now.Year() >= 2100 {
				t.Fatalf("it shows %v", now)
			}
		},
	}, suite.Case{
		ID:       "clocks/wall-and-monotonic-alike",
		Contract: "The wall clock and the monotonic clock go equally fast, unless somebody sets the wall clock.",
		Source:   "clock_gettime(2); adjtimex(2): the kernel slews by at most 500 ppm",
		Breaks:   "What is measured (time.Since) and what is logged (time.Time) contradict each other.",
		Run:      alike,
	}, suite.Case{
		ID:       "clocks/smallest-step",
		Contract: "The monotonic clock of Go moves in steps no greater than those the platform promises.",
		Source:   "suite/expected/clocks.json",
		Breaks:   "Short durations are measured as zero; timers are as coarse as the steps.",
		Run:      smallestStep,
	}, suite.Case{
		ID:       "clocks/file-times-agree",
		Contract: "A file that was just written has a modification time by the same clock as time.Now.",
		Source:   "inode(7), \"Last modification timestamp\"; File Times (Microsoft, Win32)",
		Breaks:   "Caches and build tools that compare the times of files with now rebuild for ever, or never.",
		Run:      fileTimes,
	}, suite.Case{
		ID:       "clocks/time-zones",
		Contract: "The system's time zone database, where there is one, says what the zones did.",
		Source:   "package time, LoadLocation; tzfile(5); IANA time zone database",
		Breaks:   "Local times, schedules and logs are off by hours, twice a year or always.",
		Run:      timeZones,
	}, suite.Case{
		ID:       "clocks/sleep-lateness",
		Contract: "Half of all sleeps of a millisecond are over within 5 ms of their time.",
		Source:   "time(7), \"High-resolution timers\"; Go runtime/time.go",
		Breaks:   "Rate limiters, tickers and deadlines of a few milliseconds do not work.",
		Needs:    []string{"real-time"},
		Run:      lateness,
	})
}

// alike tries three times, since an NTP daemon may step the wall clock.
func alike(t *suite.T) {
	var wall, monotonic time.Duration
	for range 3 {
		first := time.Now()
		time.Sleep(20 * time.Millisecond)
		second := time.Now()
		wall, monotonic = second.Round(0).Sub(first.Round(0)), second.Sub(first)
		if difference := (wall - monotonic).Abs(); difference <= 2*time.Millisecond+monotonic/100+coarseWall(t) {
			return
		}
	}
	t.Fatalf("%v passed by the wall clock, %v by the monotonic clock, three times apart", wall, monotonic)
}

// coarseWall is what a system whose clocks move in big steps (Windows) may be off by.
func coarseWall(t *suite.T) time.Duration { return 2 * expectedStep(t) }

func expectedStep(t *suite.T) time.Duration {
	text, _ := t.Expected("smallest-step-ns")
	step, _ := strconv.Atoi(text)
	return time.Duration(step)
}

func smallestStep(t *suite.T) {
	promised := expectedStep(t)
	if promised == 0 {
		t.Unknown("nobody has written down what this platform promises")
	}
	smallest := time.Duration(1 << 62)
	// A step is longer when another program had the CPU meanwhile: the shortest of many counts.
	for last, steps := reading(), 0; smallest > promised && steps < 64; {
		if now := reading(); now != last {
			smallest, last = min(smallest, (now-last).Abs()), now
			steps++
		}
	}
	if smallest > promised {
		t.Fatalf("the smallest step seen is %v; %v was expected", smallest, promised)
	}
}

func fileTimes(t *suite.T) {
	text, _ := t.Expected("file-time-slack-ms")
	milliseconds, err := strconv.Atoi(text)
	if err != nil {
		t.Unknown("nobody has written down how exact times of files are here")
	}
	slack := time.Duration(milliseconds) * time.Millisecond
	name := filepath.Join(t.Dir(), "file")
	before := time.Now()
	if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
		t.Unknown("%v", err)
	}
	after := time.Now()
	info, err := os.Stat(name)
	if err != nil {
		t.Unknown("%v", err)
	}
	if at := info.ModTime(); at.Before(before.Add(-slack)) || at.After(after.Add(slack)) {
		t.Fatalf("a file written between %v and %v is of %v", before, after, at)
	}
}

func timeZones(t *suite.T) {
	shanghai := "Asia/Shanghai"
	if suite.Planted("clocks-wrong-zone") {
		shanghai = "Asia/Tokyo"
	}
	winter, summer := time.Date(2024, 1, 15, 12, 0, 0, 0, time.UTC), time.Date(2024, 7, 15, 12, 0, 0, 0, time.UTC)
	for _, zone := range []struct {
		name           string
		winter, summer int // hours from UTC
	}{{shanghai, 8, 8}, {"America/New_York", -5, -4}, {"UTC", 0, 0}} {
		place, err := time.LoadLocation(zone.name)
		if err != nil {
			t.NA("there is none (%v): programs need the package time/tzdata", err)
		}
		_, atWinter := winter.In(place).Zone()
		_, atSummer := summer.In(place).Zone()
		if atWinter != zone.winter*3600 || atSummer != zone.summer*3600 {
			t.Errorf("%s: %+d s in January 2024 and %+d s in July", zone.name, atWinter, atSummer)
		}
	}
}

func lateness(t *suite.T) {
	const sleeps, rounds = 15, 8
	late := make([]time.Duration, sleeps)
	for range rounds { // other programs take the CPUs, but not always
		for i := range late {
			before := time.Now()
			time.Sleep(time.Millisecond)
			late[i] = time.Since(before) - time.Millisecond
		}
		slices.Sort(late)
		if late[sleeps/2] <= 5*time.Millisecond+expectedStep(t) {
			return
		}
	}
	t.Fatalf("in each of %d rounds half of them were too late; in the last, later than %v, the latest %v",
		rounds, late[sleeps/2], late[sleeps-1])
}
