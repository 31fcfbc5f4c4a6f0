#include "textflag.h"

// func call(code, scratch *byte)
//
// Go's own registers (R14, X15) are set again by whoever calls assembly. The upper halves of the vector registers are
// left as the instruction leaves them: VZEROUPPER itself may trap here.
TEXT ·call(SB), NOSPLIT, $0-16
	MOVQ code+0(FP), R8
	MOVQ scratch+8(FP), DI
	XORL AX, AX
	XORL CX, CX
	XORL DX, DX
	CALL R8
	RET

// func synchronize(code *byte, size uintptr)
//
// An x86 CPU sees what it has written itself (Intel SDM volume 3, 8.1.3; the CALL is the jump that it asks for).
TEXT ·synchronize(SB), NOSPLIT, $0-16
	RET

// func handlers() (handler, restorer uintptr)
TEXT ·handlers(SB), NOSPLIT, $0-16
	LEAQ stepOver<>(SB), AX
	MOVQ AX, handler+0(FP)
	LEAQ giveBack<>(SB), AX
	MOVQ AX, restorer+8(FP)
	RET

// The signal handler, called by the kernel: RDI is the signal, RDX the ucontext (linux/arch/x86/include/uapi/asm:
// 40 bytes, then the registers of sigcontext.h, RIP being the 17th). RIP is at the start of the slot.
TEXT stepOver<>(SB), NOSPLIT|NOFRAME, $0
	MOVQ DI, ·caught(SB)
	ADDQ $16, 168(DX)
	RET

TEXT giveBack<>(SB), NOSPLIT|NOFRAME, $0
	MOVL $15, AX // rt_sigreturn
	SYSCALL
	INT  $3
