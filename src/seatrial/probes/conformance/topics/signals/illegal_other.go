//go:build !(386 || amd64 || arm || arm64 || loong64 || ppc64 || ppc64le || riscv64 || s390x)

package signals

import "fmt"

func illegal() { fmt.Println("nobody has written down an illegal instruction of this architecture") }
