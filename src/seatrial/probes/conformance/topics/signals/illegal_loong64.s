// The permanently undefined instruction (LoongArch manual, volume 1: an encoding that is not assigned raises INE).
#include "textflag.h"

TEXT ·illegal(SB), NOSPLIT, $0-0
	WORD $0
	RET
