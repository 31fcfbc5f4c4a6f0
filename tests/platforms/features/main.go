// Features prints what the CPU that it runs on says it can do, in the kernel's names.
package main

import (
	"fmt"
	"strings"
)

func main() {
	fmt.Println("features:", strings.Join(features(), " "))
}
