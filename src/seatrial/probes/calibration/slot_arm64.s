#include "textflag.h"

// func call(code, scratch *byte)
TEXT ·call(SB), NOSPLIT, $16-16
	MOVD code+0(FP), R8
	MOVD scratch+8(FP), R0
	MOVD ZR, R1
	MOVD ZR, R2
	MOVD ZR, R3
	CALL (R8)
	RET

// func synchronize(code *byte, size uintptr)
//
// One line at a time of the smallest size that there is; the ranges are a few words long (Arm ARM, B2.4.4).
TEXT ·synchronize(SB), NOSPLIT, $0-16
	MOVD code+0(FP), R0
	MOVD size+8(FP), R1
	ADD  R0, R1, R1
line:
	WORD $0xd50b7b20 // dc cvau, x0
	DSB  $11
	WORD $0xd50b7520 // ic ivau, x0
	DSB  $11
	ADD  $16, R0
	CMP  R1, R0
	BLO  line
	ISB  $15
	RET

// func handlers() (handler, restorer uintptr)
TEXT ·handlers(SB), NOSPLIT, $0-16
	MOVD $stepOver<>(SB), R0
	MOVD R0, handler+0(FP)
	MOVD ZR, restorer+8(FP)
	RET

// The signal handler, called by the kernel: R0 is the signal, R2 the ucontext (linux/arch/arm64/include/uapi/asm: 176
// bytes, then fault_address, 31 registers, sp, pc).
TEXT stepOver<>(SB), NOSPLIT|NOFRAME, $0
	MOVD $·caught(SB), R3
	MOVD R0, (R3)
	MOVD 440(R2), R3
	ADD  $4, R3
	MOVD R3, 440(R2)
	RET
