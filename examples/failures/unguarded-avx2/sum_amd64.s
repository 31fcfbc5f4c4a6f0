#include "textflag.h"

// func addBlocks(p *byte, blocks int) uint64
TEXT ·addBlocks(SB), NOSPLIT, $0-24
	MOVQ  p+0(FP), SI
	MOVQ  blocks+8(FP), CX
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1

loop:
	VPSADBW (SI), Y0, Y2
	VPADDQ  Y2, Y1, Y1
	ADDQ    $32, SI
	DECQ    CX
	JNZ     loop

	VEXTRACTI128 $1, Y1, X2
	VPADDQ       X2, X1, X1
	VPSRLDQ      $8, X1, X2
	VPADDQ       X2, X1, X1
	VMOVQ        X1, ret+16(FP)
	VZEROUPPER
	RET
