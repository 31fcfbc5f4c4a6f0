#include "textflag.h"
#include "funcdata.h"

// func through()
TEXT ·through(SB), 0, $16-0
	NO_LOCAL_POINTERS
	CALL	·below(SB)
	RET
