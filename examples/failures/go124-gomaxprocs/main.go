// Command go124-gomaxprocs says `go 1.24` in go.mod: the build sets GODEBUG containermaxprocs=0.
package main

import "fmt"

func main() {
	fmt.Println("hello")
}
