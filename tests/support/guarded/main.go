// Command guarded uses instructions beyond the base in every way that the analysis of guards tells apart.
package main

import (
	"fmt"
	"math"
	"math/bits"
	"os"
	"sync/atomic"
)

//go:noinline
func fused(a, b, c float64) float64 { return math.FMA(a, b, c) }

//go:noinline
func ones(n uint64) int { return bits.OnesCount64(n) }

var count atomic.Int64

func main() {
	n := uint64(len(os.Args))
	fmt.Println(fused(float64(n), 2, 3), ones(n), count.Add(1), work(n))
}
