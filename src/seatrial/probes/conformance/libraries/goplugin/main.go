// Goplugin is a plugin of the probe that was built with it.
package main

import "strings"

// Said is a variable that the probe reads and writes.
var Said = "nothing"

// Say uses a package that the probe has too: there is one of it in the process.
func Say(words ...string) string {
	Said = strings.Join(words, "+")
	return Said
}

func main() {}
