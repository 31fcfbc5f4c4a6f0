// Command page-alignment has segments aligned to 4 KiB: Kylin Server V10 has pages of 64 KiB on arm64, Ubuntu of 4 KiB.
package main

import "fmt"

func main() {
	fmt.Println("hello")
}
