// Command arm64-lse is built with LSE atomics: Phytium FT-2000/4 has none, Kunpeng 920 has them.
package main

import "fmt"

func main() {
	fmt.Println("hello")
}
