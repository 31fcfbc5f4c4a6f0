package guards

import (
	"encoding/binary"
	"math/bits"
)

// scanAMD64 takes every byte for the begin of a displacement: of a jump under a condition, or of an operand relative to
// RIP, whose ModRM byte stands before it. What follows the displacement is told by the opcode before that.
func scanAMD64(body []byte, addr uint64, jump func(pc, target uint64), data func(pc, target uint64, how access)) {
	at := func(i int) {
		switch before := body[i-1]; {
		case before&0xC7 == 0x05:
			target := addr + uint64(i) + 4 + uint64(int64(int32(binary.LittleEndian.Uint32(body[i:]))))
			data(addr+uint64(i-2), target+trailing(body, i), accessX86(body, i))
		case before&0xF0 == 0x80 && body[i-2] == 0x0F:
			jump(addr+uint64(i-2), addr+uint64(i)+4+uint64(int64(int32(binary.LittleEndian.Uint32(body[i:])))))
		}
	}
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	i := 2
	// Eight bytes at a time are asked for what may be one of these: most are not.
	for ; i+7+4 <= len(body); i += 8 {
		before := binary.LittleEndian.Uint64(body[i-1:])
		operand := before&(0xC7*ones) ^ 0x05*ones
		escape := (binary.LittleEndian.Uint64(body[i-2:]) ^ 0x0F*ones) | (before&(0xF0*ones) ^ 0x80*ones)
		for maybe := (operand-ones)&^operand&tops | (escape-ones)&^escape&tops; maybe != 0; maybe &= maybe - 1 {
			at(i + bits.TrailingZeros64(maybe)/8)
		}
	}
	for ; i+4 <= len(body); i++ {
		at(i)
	}
}

// accessX86 is what the instruction with its displacement at i does, by its opcode.
func accessX86(body []byte, i int) access {
	opcode, reg := body[i-2], body[i-1]>>3&7
	if i >= 3 && body[i-3] == 0x0F {
		switch {
		case opcode == 0xB6, opcode == 0xB7, opcode == 0xBE, opcode == 0xBF, opcode == 0xA3, opcode >= 0x40 && opcode <= 0x4F, opcode == 0xBA && reg == 4:
			return reads
		}
		return writes
	}
	switch {
	case opcode == 0x8D:
		return takes
	case opcode == 0x8A, opcode == 0x8B, opcode == 0x63, opcode == 0x84, opcode == 0x85, opcode&0xC4 == 0 && opcode&2 != 0, opcode&0xFC == 0x38,
		(opcode == 0x80 || opcode == 0x81 || opcode == 0x83) && reg == 7, (opcode == 0xF6 || opcode == 0xF7) && reg == 0, opcode == 0xFF && reg >= 2:
		return reads
	}
	return writes
}

// trailing is how many bytes of an immediate follow the displacement at i.
func trailing(body []byte, i int) uint64 {
	opcode, reg := body[i-2], body[i-1]>>3&7
	if i >= 3 && body[i-3] == 0x0F {
		if opcode == 0xBA || opcode == 0xA4 || opcode == 0xAC || opcode == 0xC2 || opcode == 0xC6 || opcode >= 0x70 && opcode <= 0x73 {
			return 1
		}
		return 0
	}
	switch opcode {
	case 0x80, 0x83, 0xC0, 0xC1, 0xC6, 0x6B:
		return 1
	case 0x81, 0xC7, 0x69:
		if i >= 3 && body[i-3] == 0x66 {
			return 2
		}
		return 4
	case 0xF6:
		if reg < 2 {
			return 1
		}
	case 0xF7:
		if reg < 2 {
			return 4
		}
	}
	return 0
}

const lookAhead = 6 // instructions between the two halves of an address

// scanARM64 joins ADRP with the instruction that adds the rest.
func scanARM64(body []byte, addr uint64, _ func(pc, target uint64), data func(pc, target uint64, how access)) {
	for i := 0; i+4 <= len(body); i += 4 {
		w := binary.LittleEndian.Uint32(body[i:])
		pc := addr + uint64(i)
		switch {
		case w&0x9F000000 == 0x90000000:
			page := pc&^0xFFF + uint64((int64(int32(w<<8)>>13)<<2|int64(w>>29&3))<<12)
			for j := i + 4; j+4 <= len(body) && j <= i+4*lookAhead; j += 4 {
				n := binary.LittleEndian.Uint32(body[j:])
				if n>>5&31 != w&31 {
					continue
				}
				if n&0x7FC00000 == 0x11000000 { // ADD
					data(addr+uint64(j), page+uint64(n>>10&0xFFF), takes)
				} else if n&0x3B000000 == 0x39000000 { // LDR, STR
					shift := n >> 30
					if n>>26&1 == 1 && n>>23&1 == 1 {
						shift = 4
					}
					how := reads
					if n>>22&3 == 0 || n>>26&1 == 1 && n>>22&1 == 0 {
						how = writes
					}
					data(addr+uint64(j), page+uint64(n>>10&0xFFF)<<shift, how)
				}
			}
		case w&0x9F000000 == 0x10000000:
			data(pc, pc+uint64(int64(int32(w<<8)>>13)<<2|int64(w>>29&3)), takes)
		}
	}
}

// scanLOONG64 joins PCALAU12I and PCADDU12I with the instruction that adds the rest.
func scanLOONG64(body []byte, addr uint64, _ func(pc, target uint64), data func(pc, target uint64, how access)) {
	for i := 0; i+4 <= len(body); i += 4 {
		w := binary.LittleEndian.Uint32(body[i:])
		pc := addr + uint64(i)
		base := pc
		switch w >> 25 {
		case 0x0D: // PCALAU12I
			base &^= 0xFFF
		case 0x0E: // PCADDU12I
		default:
			continue
		}
		base += uint64(int64(int32(w<<7)>>12) << 12)
		for j := i + 4; j+4 <= len(body) && j <= i+4*lookAhead; j += 4 {
			n := binary.LittleEndian.Uint32(body[j:])
			if n>>5&31 != w&31 {
				continue
			}
			target := base + uint64(int64(int32(n<<10)>>20))
			switch op := n >> 22; {
			case op == 0x0A || op == 0x0B: // ADDI
				data(addr+uint64(j), target, takes)
			case op >= 0xA4 && op <= 0xA7 || op == 0xAD || op == 0xAF: // ST, FST
				data(addr+uint64(j), target, writes)
			case op >= 0xA0 && op <= 0xAE: // LD, FLD
				data(addr+uint64(j), target, reads)
			}
		}
	}
}

// scanRISCV64 joins AUIPC with the instruction that adds the rest; JALR after it is a call.
func scanRISCV64(body []byte, addr uint64, jump func(pc, target uint64), data func(pc, target uint64, how access)) {
	for i := 0; i+4 <= len(body); {
		if body[i]&3 != 3 {
			i += 2
			continue
		}
		w := binary.LittleEndian.Uint32(body[i:])
		pc := addr + uint64(i)
		switch w & 0x7F {
		case 0x17:
			base := pc + uint64(int64(int32(w&^0xFFF)))
			rd := w >> 7 & 31
			for j, seen := i+4, 0; j+4 <= len(body) && seen < lookAhead; seen++ {
				if body[j]&3 != 3 {
					j += 2
					continue
				}
				n := binary.LittleEndian.Uint32(body[j:])
				if n>>15&31 == rd {
					low := uint64(int64(int32(n)) >> 20)
					switch n & 0x7F {
					case 0x03, 0x07: // loads
						data(addr+uint64(j), base+low, reads)
					case 0x13: // ADDI
						data(addr+uint64(j), base+low, takes)
					case 0x23, 0x27: // stores
						data(addr+uint64(j), base+uint64(int64(int32(n))>>25<<5|int64(n>>7&31)), writes)
					case 0x67:
						jump(addr+uint64(j), base+low)
					}
				}
				j += 4
			}
		}
		i += 4
	}
}
