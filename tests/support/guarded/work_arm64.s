#include "textflag.h"

TEXT ·plain(SB), NOSPLIT, $0-8
	MOVD   $ret+0(FP), R0
	MOVD   $1, R1
	LDADDD R1, (R0), R2
	RET
