// The permanently undefined instruction (Intel SDM, volume 2, UD2).
#include "textflag.h"

TEXT ·illegal(SB), NOSPLIT, $0-0
	BYTE $0x0f; BYTE $0x0b
	RET
