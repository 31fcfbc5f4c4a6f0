// Command windows-import has CreatePseudoConsole in its import table: Windows Server 2016 has no such function, so the
// program does not start there, although it never calls it.
package main

// #include <windows.h>
// HRESULT WINAPI CreatePseudoConsole(COORD, HANDLE, HANDLE, DWORD, HPCON *);
// static void *volatile pseudoConsole = (void *)CreatePseudoConsole;
// static int supported(void) { return pseudoConsole != NULL; }
import "C"

import "fmt"

func main() {
	fmt.Println("pseudo console:", C.supported() != 0)
}
