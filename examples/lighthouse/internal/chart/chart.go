// Package chart knows where things are at sea: positions, and the distance and bearing between them.
package chart

import (
	"fmt"
	"math"
)

// A nautical mile is one minute of arc; this is the Earth's mean radius (6371.0088 km) in nautical miles.
const earthRadius = 6371.0088 / 1.852

// Position is a point on the Earth in degrees, north and east positive.
type Position struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
}

// Check returns an error for a position that is not on the Earth.
func (p Position) Check() error {
	// Written so that NaN fails too.
	if !(math.Abs(p.Latitude) <= 90) {
		return fmt.Errorf("latitude %v is outside -90 to 90 degrees", p.Latitude)
	}
	if !(math.Abs(p.Longitude) <= 180) {
		return fmt.Errorf("longitude %v is outside -180 to 180 degrees", p.Longitude)
	}
	return nil
}

// Distance returns the length of the great circle from p to q in nautical miles, rounded to a tenth.
//
// It is rounded because its last bits differ from one architecture to another: the compiler may fuse a multiplication
// and an addition (Go specification, "Floating-point operators"), and on most architectures but amd64 it does.
func (p Position) Distance(q Position) float64 {
	φ1, φ2 := radians(p.Latitude), radians(q.Latitude)
	sinΔφ, sinΔλ := math.Sin((φ2-φ1)/2), math.Sin(radians(q.Longitude-p.Longitude)/2)
	h := sinΔφ*sinΔφ + math.Cos(φ1)*math.Cos(φ2)*sinΔλ*sinΔλ
	return math.Round(10*2*earthRadius*math.Asin(math.Sqrt(min(h, 1)))) / 10
}

// Bearing returns the direction from p to q in whole degrees from north through east, 0 to 359.
func (p Position) Bearing(q Position) int {
	φ1, φ2 := radians(p.Latitude), radians(q.Latitude)
	Δλ := radians(q.Longitude - p.Longitude)
	east := math.Sin(Δλ) * math.Cos(φ2)
	// The conversions keep the products from being fused with the subtraction: on loong64 the bearing of a place from
	// itself was 180 instead of 0, since what was left over was not zero but a little less.
	north := float64(math.Cos(φ1)*math.Sin(φ2)) - float64(math.Sin(φ1)*math.Cos(φ2)*math.Cos(Δλ))
	return (int(math.Round(math.Atan2(east, north)*180/math.Pi)) + 360) % 360
}

func radians(degrees float64) float64 {
	return degrees * math.Pi / 180
}
