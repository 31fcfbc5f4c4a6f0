// The permanently undefined instruction (z/Architecture Principles of Operation: operation code 00).
#include "textflag.h"

TEXT ·illegal(SB), NOSPLIT, $0-0
	WORD $0
	RET
