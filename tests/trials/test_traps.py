"""What Go's runtime says of an instruction that the CPU refuses."""

from seatrial.model.trial import Trap
from seatrial.trials.traps import trap_evidence, trap_in

OUTPUT = """total
SIGILL: illegal instruction
PC=0x1169769 m=0 sigcode=2
{cgo}instruction bytes: 0xc5 0xfd 0xfe 0xc0

goroutine 1 gp=0xcab155ee1e0 m=0 mp=0x1177de0 [running]:
{frame}main.main()
\t./main.go:9 +0x1d fp=0xcab1562cf50 sp=0xcab1562cee0 pc=0x1169600
"""
FRAME = """example.com/sum.(*Sum).first({{0xcab15608020, 0x20}}, 0x1)
\texample.com/sum/sum_amd64.s:7 +0x9 fp=0xcab1562ce40 sp=0xcab1562ce38 pc=0x1169769
"""


def test_the_function_is_that_of_the_frame_at_the_same_address() -> None:
    trap = trap_in(OUTPUT.format(cgo="", frame=FRAME.format()))
    assert trap == Trap(0x1169769, "example.com/sum.(*Sum).first")
    (told,) = trap_evidence(trap)
    assert (told.kind, told.where) == ("trapped", "example.com/sum.(*Sum).first at 0x1169769")


def test_c_code_has_an_address_only() -> None:
    trap = trap_in(OUTPUT.format(cgo="signal arrived during cgo execution\n", frame=""))
    assert trap == Trap(0x1169769)
    assert trap_evidence(trap)[0].where == "at 0x1169769"


def test_other_output_tells_of_none() -> None:
    assert trap_in("SIGSEGV: segmentation violation\nPC=0x1 m=0 sigcode=1\n") is None
    assert trap_evidence(None) == ()
