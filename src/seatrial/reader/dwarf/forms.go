package dwarf

import (
	"bytes"
	"encoding/binary"

	"seatrial.example/reader/image"
)

// Forms of attributes (DWARF 5, 7.5.6, and GNU's).
const (
	formAddr, formBlock2, formBlock4, formData2, formData4, formData8             = 0x01, 0x03, 0x04, 0x05, 0x06, 0x07
	formString, formBlock, formBlock1, formData1, formFlag, formSdata             = 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d
	formStrp, formUdata, formRefAddr, formRef1, formRef2, formRef4                = 0x0e, 0x0f, 0x10, 0x11, 0x12, 0x13
	formRef8, formRefUdata, formIndirect, formSecOffset, formExprloc, formPresent = 0x14, 0x15, 0x16, 0x17, 0x18, 0x19
	formStrx, formAddrx, formRefSup4, formStrpSup, formData16, formLineStrp       = 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f
	formRefSig8, formImplicit, formLoclistx, formRnglistx, formRefSup8            = 0x20, 0x21, 0x22, 0x23, 0x24
	formStrx1, formStrx2, formStrx3, formStrx4                                    = 0x25, 0x26, 0x27, 0x28
	formAddrx1, formAddrx2, formAddrx3, formAddrx4                                = 0x29, 0x2a, 0x2b, 0x2c
	formGNUAddrIndex, formGNUStrIndex, formGNURefAlt, formGNUStrpAlt              = 0x1f01, 0x1f02, 0x1f20, 0x1f21
)

// cursor reads the entries of one unit. What lies outside sets bad, and everything then reads as 0.
type cursor struct {
	d    *Data
	u    *Unit
	b    []byte // .debug_info up to the end of the unit
	at   uint64
	bad  bool
	text string // of the last value, where it is a string
}

func (c *cursor) take(n uint64) []byte {
	if n > uint64(len(c.b))-c.at {
		c.bad = true
		c.at = uint64(len(c.b))
		return nil
	}
	c.at += n
	return c.b[c.at-n : c.at]
}

func (c *cursor) number(n uint64) uint64 {
	b := c.take(n)
	if b == nil {
		return 0
	}
	switch n {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(c.d.order.Uint16(b))
	case 3:
		if c.d.order == binary.ByteOrder(binary.BigEndian) {
			return uint64(b[0])<<16 | uint64(b[1])<<8 | uint64(b[2])
		}
		return uint64(b[2])<<16 | uint64(b[1])<<8 | uint64(b[0])
	case 4:
		return uint64(c.d.order.Uint32(b))
	case 8:
		return c.d.order.Uint64(b)
	}
	return 0
}

func (c *cursor) uleb() uint64 {
	if c.at < uint64(len(c.b)) && c.b[c.at] < 0x80 { // most have one byte
		c.at++
		return uint64(c.b[c.at-1])
	}
	value, shift := uint64(0), 0
	for {
		b := c.take(1)
		if b == nil || shift > 63 {
			c.bad = true
			return 0
		}
		value |= uint64(b[0]&0x7f) << shift
		if b[0] < 0x80 {
			return value
		}
		shift += 7
	}
}

func (c *cursor) sleb() int64 {
	value, shift := int64(0), 0
	for {
		b := c.take(1)
		if b == nil || shift > 63 {
			c.bad = true
			return 0
		}
		value |= int64(b[0]&0x7f) << shift
		shift += 7
		if b[0] < 0x80 {
			if b[0]&0x40 != 0 && shift < 64 {
				value |= -1 << shift
			}
			return value
		}
	}
}

func (c *cursor) cString() string {
	rest := c.b[min(c.at, uint64(len(c.b))):]
	end := bytes.IndexByte(rest, 0)
	if end < 0 {
		c.bad = true
		return ""
	}
	c.at += uint64(end) + 1
	return image.View(rest[:end])
}

// size is that of a form whose size depends on nothing but the unit; -1 for others.
func (u *Unit) size(form uint16) int {
	offset := 4
	if u.wide {
		offset = 8
	}
	switch form {
	case formPresent, formImplicit:
		return 0
	case formData1, formFlag, formRef1, formStrx1, formAddrx1:
		return 1
	case formData2, formRef2, formStrx2, formAddrx2:
		return 2
	case formStrx3, formAddrx3:
		return 3
	case formData4, formRef4, formRefSup4, formStrx4, formAddrx4:
		return 4
	case formData8, formRef8, formRefSig8, formRefSup8:
		return 8
	case formData16:
		return 16
	case formAddr:
		return u.addrSize
	case formRefAddr:
		if u.Version <= 2 {
			return u.addrSize
		}
		return offset
	case formStrp, formSecOffset, formStrpSup, formLineStrp, formGNURefAlt, formGNUStrpAlt:
		return offset
	}
	return -1
}

// skip passes over a value.
func (c *cursor) skip(form uint16) {
	if n := c.u.size(form); n >= 0 {
		c.take(uint64(n))
		return
	}
	switch form {
	case formBlock1:
		c.take(c.number(1))
	case formBlock2:
		c.take(c.number(2))
	case formBlock4:
		c.take(c.number(4))
	case formBlock, formExprloc:
		c.take(c.uleb())
	case formString:
		c.cString()
	case formSdata, formUdata, formRefUdata, formStrx, formAddrx, formLoclistx, formRnglistx, formGNUAddrIndex,
		formGNUStrIndex:
		c.uleb()
	case formIndirect:
		inner := uint16(c.uleb())
		if inner == formIndirect || inner == formImplicit {
			c.bad = true
			return
		}
		c.skip(inner)
	default:
		c.bad = true
	}
}

// value reads a value as a number: references count from the start of .debug_info, addresses and strings that stand
// in tables are looked up. A string is left in c.text.
func (c *cursor) value(a attribute) uint64 {
	c.text = ""
	u := c.u
	form := a.form
	if form == formIndirect {
		form = uint16(c.uleb())
		if form == formIndirect || form == formImplicit {
			c.bad = true
			return 0
		}
	}
	switch form {
	case formImplicit:
		return uint64(a.implicit)
	case formPresent:
		return 1
	case formString:
		c.text = c.cString()
		return 0
	case formSdata:
		return uint64(c.sleb())
	case formUdata, formLoclistx, formRnglistx:
		return c.uleb()
	case formStrp, formLineStrp:
		section := c.d.str
		if form == formLineStrp {
			section = c.d.lineStr
		}
		c.text = text(section, c.number(uint64(u.size(form))))
		return 0
	case formStrx, formGNUStrIndex:
		c.text = c.d.indexed(u, c.uleb())
		return 0
	case formStrx1, formStrx2, formStrx3, formStrx4:
		c.text = c.d.indexed(u, c.number(uint64(u.size(form))))
		return 0
	case formAddrx, formGNUAddrIndex:
		return c.d.address(u, c.uleb())
	case formAddrx1, formAddrx2, formAddrx3, formAddrx4:
		return c.d.address(u, c.number(uint64(u.size(form))))
	case formRef1, formRef2, formRef4, formRef8:
		return u.Offset + c.number(uint64(u.size(form)))
	case formRefUdata:
		return u.Offset + c.uleb()
	case formExprloc, formBlock1, formBlock, formBlock2, formBlock4:
		return c.expression(form)
	case formData16:
		c.take(16)
		return 0
	}
	if n := u.size(form); n >= 0 {
		return c.number(uint64(n))
	}
	c.skip(form)
	return 0
}

// expression is the constant that a location of one operation gives: DW_OP_plus_uconst of a member, DW_OP_addr.
func (c *cursor) expression(form uint16) uint64 {
	var size uint64
	switch form {
	case formBlock1:
		size = c.number(1)
	case formBlock2:
		size = c.number(2)
	case formBlock4:
		size = c.number(4)
	default:
		size = c.uleb()
	}
	inner := cursor{d: c.d, u: c.u, b: c.take(size)}
	const opAddr, opConstu, opPlusUconst = 0x03, 0x10, 0x23
	switch inner.number(1) {
	case opAddr:
		return inner.number(uint64(c.u.addrSize))
	case opConstu, opPlusUconst:
		return inner.uleb()
	}
	return 0
}

func text(section []byte, at uint64) string {
	if at >= uint64(len(section)) {
		return ""
	}
	end := bytes.IndexByte(section[at:], 0)
	if end < 0 {
		return ""
	}
	return image.View(section[at : at+uint64(end)])
}

// indexed is a string by its number in .debug_str_offsets.
func (d *Data) indexed(u *Unit, index uint64) string {
	step := uint64(4)
	if u.wide {
		step = 8
	}
	if index > uint64(len(d.offsets)) {
		return ""
	}
	c := cursor{d: d, u: u, b: d.offsets, at: min(u.strBase+index*step, uint64(len(d.offsets)))}
	at := c.number(step)
	if c.bad {
		return ""
	}
	return text(d.str, at)
}

// address is an address by its number in .debug_addr.
func (d *Data) address(u *Unit, index uint64) uint64 {
	if index > uint64(len(d.addr)) {
		return 0
	}
	c := cursor{d: d, u: u, b: d.addr, at: min(u.addrBase+index*uint64(u.addrSize), uint64(len(d.addr)))}
	return c.number(uint64(u.addrSize))
}
