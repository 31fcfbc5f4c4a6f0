// Command macos-14-only is linked for macOS 14, although its Go release supports macOS 13.
package main

import "fmt"

func main() {
	fmt.Println("hello")
}
