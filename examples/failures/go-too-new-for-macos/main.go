// Command go-too-new-for-macos is a plain program: Go 1.27 needs macOS 13, and Go 1.26 is the last for macOS 12.
package main

import "fmt"

func main() {
	fmt.Println("hello")
}
