//go:build cgo

#include "registers.h"
#include <stdio.h>

#ifdef _WIN32
#define SYMBOL "_"
#else
#define SYMBOL ""
#endif

__asm__(".text\n"
	".globl " SYMBOL "cgocalls_entry_sp\n"
	SYMBOL "cgocalls_entry_sp:\n"
	"	lea 4(%esp), %eax\n"
	"	ret\n"
	".globl " SYMBOL "cgocalls_keep\n"
	SYMBOL "cgocalls_keep:\n"
	"	push %ebx\n"
	"	push %esi\n"
	"	push %edi\n"
	"	push %ebp\n"
	"	sub $12, %esp\n"
	"	mov 32(%esp), %eax\n"
	"	mov 36(%esp), %ecx\n"
	"	mov %ecx, (%esp)\n"
	"	mov $0x11111111, %ebx\n"
	"	lea 1(%ebx), %esi\n"
	"	lea 2(%ebx), %edi\n"
	"	lea 3(%ebx), %ebp\n"
	"	call *%eax\n"
	"	mov $0x11111111, %ecx\n"
	"	xor %eax, %eax\n"
	".macro cgocalls_check register, bit\n"
	"	cmp %ecx, \\register\n"
	"	setne %dl\n"
	"	movzbl %dl, %edx\n"
	"	shl $\\bit, %edx\n"
	"	or %edx, %eax\n"
	"	inc %ecx\n"
	".endm\n"
	"	cgocalls_check %ebx, 0\n"
	"	cgocalls_check %esi, 1\n"
	"	cgocalls_check %edi, 2\n"
	"	cgocalls_check %ebp, 3\n"
	"	xor %edx, %edx\n"
	"	add $12, %esp\n"
	"	pop %ebp\n"
	"	pop %edi\n"
	"	pop %esi\n"
	"	pop %ebx\n"
	"	ret\n");

const char *const cgocalls_kept[] = {
	"ebx", "esi", "edi", "ebp",
};
const int cgocalls_kept_count = sizeof cgocalls_kept / sizeof cgocalls_kept[0];

void cgocalls_control(char *out, size_t size) {
	uint16_t x87;
	__asm__ volatile("fnstcw %0" : "=m"(x87));
	snprintf(out, size, "x87 %x", (unsigned)x87 | 0x40); /* bit 6 is reserved */
}
