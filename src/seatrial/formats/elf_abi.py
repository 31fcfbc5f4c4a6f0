"""Which ABI an ELF file was made for: Go's name of the machine, the object ABI and the float ABI.

Documents: the psABI of each machine ("e_flags"), Addenda to the Arm ABI (build attributes), MIPS .MIPS.abiflags.
"""

from typing import NamedTuple

from seatrial.formats.elf import ElfImage
from seatrial.formats.window import Malformed, Window
from seatrial.model.absence import Unknown
from seatrial.tables.binary_formats import ElfMachine

__all__ = ["Abi", "arm_float_abi", "go_architecture", "read_abi"]

_EM_MIPS, _EM_PPC64, _EM_ARM, _EM_RISCV, _EM_LOONGARCH = 8, 21, 40, 243, 258
_PT_MIPS_ABIFLAGS = 0x70000003
_EF_ARM_SOFT_FLOAT, _EF_ARM_HARD_FLOAT = 0x200, 0x400
_EF_RISCV_RVC, _EF_RISCV_FLOAT_ABI, _EF_MIPS_ABI2 = 1, 6, 0x20
_TAG_FILE, _TAG_ABI_VFP_ARGS = 1, 28
_ARM_TEXT_TAGS = frozenset({4, 5, 32, 65, 67})  # CPU_raw_name, CPU_name, compatibility, also_compatible_with, ...
_MIPS_SOFT, _MIPS_ANY = 3, 0


class Abi(NamedTuple):
    abi: str = ""
    float_abi: str = ""


def go_architecture(image: ElfImage, machine: ElfMachine | None) -> str | Unknown:
    """GOARCH of the file's machine; Unknown, with its number, where Go has no port for it."""
    width = f"{image.bits}{'le' if image.window.order == '<' else 'be'}"
    name = machine.name if machine else f"machine {image.machine}"
    if machine is None or width not in machine.goarch:
        return Unknown(f"Go has no port for {name} ({image.machine}), {width}")
    if image.machine == _EM_MIPS and image.bits == 32 and image.flags & _EF_MIPS_ABI2:
        return Unknown("Go has no port for MIPS n32")
    return machine.goarch[width]


def read_abi(image: ElfImage) -> Abi:
    """The ABI that e_flags, .ARM.attributes and .MIPS.abiflags name. Raises Malformed."""
    flags = image.flags
    if image.machine == _EM_LOONGARCH:
        return Abi(f"objabi-v{flags >> 6 & 3}", {1: "soft", 2: "hard", 3: "hard"}.get(flags & 7, ""))
    if image.machine == _EM_RISCV:
        return Abi("rvc" if flags & _EF_RISCV_RVC else "", "hard" if flags & _EF_RISCV_FLOAT_ABI else "soft")
    if image.machine == _EM_PPC64:
        return Abi(f"elfv{flags & 3}" if flags & 3 else "")
    if image.machine == _EM_ARM:
        return Abi(f"eabi{flags >> 24}" if flags >> 24 else "", _arm_float(image))
    if image.machine == _EM_MIPS:
        plain = {0x1000: "o32", 0x2000: "o64"}.get(flags & 0xF000, "n64" if image.is_64 else "")
        return Abi("n32" if flags & _EF_MIPS_ABI2 else plain, _mips_float(image))
    return Abi()


def _arm_float(image: ElfImage) -> str:
    if image.flags & _EF_ARM_HARD_FLOAT:
        return "hard"
    if image.flags & _EF_ARM_SOFT_FLOAT:
        return "soft"
    section = image.section(".ARM.attributes")
    return arm_float_abi(image.contents(section)) if section else ""


def arm_float_abi(attributes: Window) -> str:
    """How .ARM.attributes says that floats are passed: `hard`, `soft`, or "" for both or another way.

    Raises Malformed.
    """
    if attributes.size == 0 or attributes.read(0, 1, "the attributes") != b"A":
        return ""
    at = 1
    while at + 4 < attributes.size:
        size = attributes.numbers("I", at, "an attributes subsection")[0]
        if size < 5:
            raise Malformed(f"an attributes subsection of {size} bytes")
        part = attributes.part(at, size, "an attributes subsection")
        vendor = part.text(4, "the vendor of attributes")
        if vendor == "aeabi":
            return _aeabi_float(part, 4 + len(vendor) + 1)
        at += size
    return ""


def _aeabi_float(part: Window, at: int) -> str:
    while at + 5 <= part.size:
        tag = part.numbers("B", at, "an attribute")[0]
        size = part.numbers("I", at + 1, "an attribute")[0]
        if size < 5:
            raise Malformed(f"a list of attributes of {size} bytes")
        if tag == _TAG_FILE:
            value = _file_attributes(part.part(at + 5, size - 5, "the file's attributes")).get(_TAG_ABI_VFP_ARGS, 0)
            return {0: "soft", 1: "hard"}.get(value, "")
        at += size
    return ""


def _file_attributes(window: Window) -> dict[int, int]:
    raw = window.read(0, window.size, "the file's attributes")
    values: dict[int, int] = {}
    at = 0
    while at < len(raw):
        tag, at = _uleb128(raw, at)
        if tag == 32:
            _, at = _uleb128(raw, at)  # Tag_compatibility: a number, then text
        if tag in _ARM_TEXT_TAGS or (tag > 32 and tag & 1):
            at = raw.find(b"\0", at) + 1
            if at == 0:
                raise Malformed("an attribute's text does not end")
        else:
            values[tag], at = _uleb128(raw, at)
    return values


def _uleb128(raw: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(raw):
            break
        byte = raw[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise Malformed("a number in the attributes does not end")


def _mips_float(image: ElfImage) -> str:
    section = image.section(".MIPS.abiflags")
    headers = image.segments(_PT_MIPS_ABIFLAGS)
    if headers:
        window = image.window.part(headers[0].offset, headers[0].file_size, "PT_MIPS_ABIFLAGS")
    elif section:
        window = image.contents(section)
    else:
        return ""
    value = window.numbers("HBBBBBB", 0, "the MIPS ABI flags")[6]
    return {_MIPS_ANY: "", _MIPS_SOFT: "soft"}.get(value, "hard")
