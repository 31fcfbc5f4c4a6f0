// Command old-world-loong64 is a plain program: upstream Go makes new-world binaries only, and UOS 20 and Loongnix 20
// are of the old world.
package main

import "fmt"

func main() {
	fmt.Println("hello")
}
