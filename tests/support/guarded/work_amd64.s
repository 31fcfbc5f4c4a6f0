#include "textflag.h"

// func cpuid(leaf, sub uint32) (eax, ebx, ecx, edx uint32)
TEXT ·cpuid(SB), NOSPLIT, $0-24
	MOVL leaf+0(FP), AX
	MOVL sub+4(FP), CX
	CPUID
	MOVL AX, eax+8(FP)
	MOVL BX, ebx+12(FP)
	MOVL CX, ecx+16(FP)
	MOVL DX, edx+20(FP)
	RET

#define AVX2(name) \
	TEXT name(SB), NOSPLIT, $0-8; \
	VPADDQ Y0, Y1, Y1; \
	VMOVQ  X1, ret+0(FP); \
	VZEROUPPER; \
	RET

AVX2(·plainAVX2)
AVX2(·testedAVX2)
AVX2(·testedAtCaller)
AVX2(·testedByFunction)
AVX2(·halfTested)
AVX2(·chosenAVX2)
AVX2(·storedAVX2)
AVX2(·unclearAVX2)
AVX2(·handedOnAVX2)
AVX2(·inTableAVX2)
AVX2(·besideAVX2)
AVX2(·startAVX2)
AVX2(·levelAVX2)
AVX2(·methodAVX2)
AVX2(·heldAVX2)

TEXT ·wrongTest(SB), NOSPLIT, $0-8
	MOVL  $3, AX
	MULXQ AX, BX, CX
	MOVQ  BX, ret+0(FP)
	RET

TEXT ·insideAVX2(SB), NOSPLIT, $0-8
	MOVQ $0, ret+0(FP)
	CMPB ·hasAVX2(SB), $1
	JNE  done
	VPADDQ Y0, Y1, Y1
	VMOVQ  X1, ret+0(FP)
	VZEROUPPER

done:
	RET

TEXT ·testedInTheLoop(SB), NOSPLIT, $0-16
	MOVQ   n+0(FP), AX
	VPADDQ Y0, Y1, Y1
	VZEROUPPER
	MOVQ   AX, ret+8(FP)
	RET

TEXT ·bothOfAVX512(SB), NOSPLIT, $0-8
	VPADDB Z0, Z1, Z1
	VMOVQ  X1, ret+0(FP)
	VZEROUPPER
	RET

TEXT ·oneOfAVX512(SB), NOSPLIT, $0-8
	VPADDB Z0, Z1, Z1
	VMOVQ  X1, ret+0(FP)
	VZEROUPPER
	RET
