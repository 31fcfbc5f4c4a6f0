//go:build cgo

#include "registers.h"
#include <stdio.h>

#ifdef __APPLE__
#define SYMBOL "_"
#else
#define SYMBOL ""
#endif
#ifdef _WIN32
#define WORK "%rcx"
#define ARGUMENT "%rdx"
#define FIRST "%rcx"
#else
#define WORK "%rdi"
#define ARGUMENT "%rsi"
#define FIRST "%rdi"
#endif

/* rdi, rsi and xmm6-15 are the callee's to keep on Windows only. */
__asm__(".text\n"
	".globl " SYMBOL "cgocalls_entry_sp\n" SYMBOL "cgocalls_entry_sp:\n"
	"	lea 8(%rsp), %rax\n"
	"	ret\n"
	".globl " SYMBOL "cgocalls_keep\n" SYMBOL "cgocalls_keep:\n"
	"	push %rbx\n"
	"	push %rbp\n"
	"	push %r12\n"
	"	push %r13\n"
	"	push %r14\n"
	"	push %r15\n"
	"	push %rdi\n"
	"	push %rsi\n"
	"	sub $200, %rsp\n"
	"	mov " WORK ", %rax\n"
	"	mov " ARGUMENT ", " FIRST "\n"
	"	movabs $0x1111111111111111, %rbx\n"
	"	lea 1(%rbx), %rbp\n"
	"	lea 2(%rbx), %r12\n"
	"	lea 3(%rbx), %r13\n"
	"	lea 4(%rbx), %r14\n"
	"	lea 5(%rbx), %r15\n"
#ifdef _WIN32
	"	movdqu %xmm6, 32(%rsp)\n"
	"	movdqu %xmm7, 48(%rsp)\n"
	"	movdqu %xmm8, 64(%rsp)\n"
	"	movdqu %xmm15, 80(%rsp)\n"
	"	lea 6(%rbx), %rdi\n"
	"	lea 7(%rbx), %rsi\n"
	"	movq %rbx, %xmm6\n"
	"	movq %rbp, %xmm7\n"
	"	movq %r12, %xmm8\n"
	"	movq %r13, %xmm15\n"
#endif
	"	call *%rax\n"
	"	movabs $0x1111111111111111, %rcx\n"
	"	xor %eax, %eax\n"
	".macro cgocalls_check register, bit\n"
	"	cmp %rcx, \\register\n"
	"	setne %dl\n"
	"	movzbl %dl, %edx\n"
	"	shl $\\bit, %edx\n"
	"	or %edx, %eax\n"
	"	inc %rcx\n"
	".endm\n"
	"	cgocalls_check %rbx, 0\n"
	"	cgocalls_check %rbp, 1\n"
	"	cgocalls_check %r12, 2\n"
	"	cgocalls_check %r13, 3\n"
	"	cgocalls_check %r14, 4\n"
	"	cgocalls_check %r15, 5\n"
#ifdef _WIN32
	"	cgocalls_check %rdi, 6\n"
	"	cgocalls_check %rsi, 7\n"
	"	movabs $0x1111111111111111, %rcx\n"
	"	movq %xmm6, %r8\n"
	"	cgocalls_check %r8, 8\n"
	"	movq %xmm7, %r8\n"
	"	cgocalls_check %r8, 9\n"
	"	movq %xmm8, %r8\n"
	"	cgocalls_check %r8, 10\n"
	"	movq %xmm15, %r8\n"
	"	cgocalls_check %r8, 11\n"
	"	movdqu 32(%rsp), %xmm6\n"
	"	movdqu 48(%rsp), %xmm7\n"
	"	movdqu 64(%rsp), %xmm8\n"
	"	movdqu 80(%rsp), %xmm15\n"
#endif
	"	add $200, %rsp\n"
	"	pop %rsi\n"
	"	pop %rdi\n"
	"	pop %r15\n"
	"	pop %r14\n"
	"	pop %r13\n"
	"	pop %r12\n"
	"	pop %rbp\n"
	"	pop %rbx\n"
	"	ret\n");

const char *const cgocalls_kept[] = {"rbx", "rbp", "r12", "r13", "r14", "r15", "rdi", "rsi", "xmm6", "xmm7", "xmm8", "xmm15"};
const int cgocalls_kept_count = sizeof cgocalls_kept / sizeof cgocalls_kept[0];

void cgocalls_control(char *out, size_t size) {
	uint32_t mxcsr;
	uint16_t x87;
	__asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(mxcsr), "=m"(x87));
	snprintf(out, size, "mxcsr %x x87 %x", (unsigned)(mxcsr & ~0x3fu), (unsigned)x87 | 0x40); /* bit 6 is reserved */
}
