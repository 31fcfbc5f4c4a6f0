// Command unguarded-avx2 adds bytes with AVX2 wherever it is built for amd64: KX-6000 has AVX and no AVX2.
package main

import "fmt"

func main() {
	fmt.Println(sum(make([]byte, 64)))
}
