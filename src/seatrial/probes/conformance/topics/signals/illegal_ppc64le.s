// The permanently undefined instruction (Power ISA, book I, 1.3.4: primary opcode 0 is illegal).
#include "textflag.h"

TEXT ·illegal(SB), NOSPLIT, $0-0
	WORD $0
	RET
