// The permanently undefined instruction (Arm ARM, UDF #0).
#include "textflag.h"

TEXT ·illegal(SB), NOSPLIT, $0-0
	WORD $0
	RET
