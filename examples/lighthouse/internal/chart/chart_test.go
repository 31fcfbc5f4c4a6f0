package chart

import (
	"math"
	"testing"
)

var (
	fastnet   = Position{51.389, -9.603}
	eddystone = Position{50.180, -4.265}
)

func TestDistanceAndBearing(t *testing.T) {
	tests := []struct {
		name     string
		from, to Position
		distance float64
		bearing  int
	}{
		{"nowhere", fastnet, fastnet, 0, 0},
		{"a degree north", Position{0, 0}, Position{1, 0}, 60.0, 0},
		{"a degree east on the equator", Position{0, 0}, Position{0, 1}, 60.0, 90},
		{"a degree east at 60 north", Position{60, 0}, Position{60, 1}, 30.0, 90},
		{"a degree south", Position{0, 0}, Position{-1, 0}, 60.0, 180},
		{"west over the date line", Position{0, -179.5}, Position{0, 179.5}, 60.0, 270},
		{"pole to pole", Position{90, 0}, Position{-90, 0}, 10807.3, 180},
		{"Fastnet to Eddystone", fastnet, eddystone, 215.2, 108},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := test.from.Distance(test.to); got != test.distance {
				t.Errorf("Distance = %v, want %v", got, test.distance)
			}
			if got := test.from.Bearing(test.to); got != test.bearing {
				t.Errorf("Bearing = %v, want %v", got, test.bearing)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	for _, position := range []Position{{90, 180}, {-90, -180}, {}} {
		if err := position.Check(); err != nil {
			t.Errorf("%v: %v", position, err)
		}
	}
	for _, position := range []Position{{90.1, 0}, {0, -180.1}, {math.NaN(), 0}, {0, math.Inf(1)}} {
		if position.Check() == nil {
			t.Errorf("%v: no error", position)
		}
	}
}
