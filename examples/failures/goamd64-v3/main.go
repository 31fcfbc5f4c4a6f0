// Command goamd64-v3 is built with GOAMD64=v3: KX-6000 has no AVX2 and no FMA, Hygon C86 has both.
package main

import "fmt"

func main() {
	fmt.Println("hello")
}
