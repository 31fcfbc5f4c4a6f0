// The permanently undefined instruction (RISC-V unprivileged ISA: a parcel of zeros is illegal).
#include "textflag.h"

TEXT ·illegal(SB), NOSPLIT, $0-0
	WORD $0
	RET
