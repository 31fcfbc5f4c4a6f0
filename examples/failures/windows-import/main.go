// Command windows-import calls CreatePseudoConsole through its import table: Windows Server 2016 has no such function,
// so the program does not start there, although it never needs it.
package main

// #include <windows.h>
// HRESULT WINAPI CreatePseudoConsole(COORD, HANDLE, HANDLE, DWORD, HPCON *);
// static int supported(void) { return &CreatePseudoConsole != NULL; }
import "C"

import "fmt"

func main() {
	fmt.Println("pseudo console:", C.supported() != 0)
}
