//go:build 386 || amd64

#include "textflag.h"

// func cpuid(leaf, subleaf uint32) (registers [4]uint32)
TEXT ·cpuid(SB), NOSPLIT, $0-24
	MOVL leaf+0(FP), AX
	MOVL subleaf+4(FP), CX
	CPUID
	MOVL AX, registers_0+8(FP)
	MOVL BX, registers_1+12(FP)
	MOVL CX, registers_2+16(FP)
	MOVL DX, registers_3+20(FP)
	RET
