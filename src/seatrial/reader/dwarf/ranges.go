package dwarf

// rangeLimit bounds the ranges of one unit or function.
const rangeLimit = 1 << 16

// rangesOf reads a list of ranges: .debug_ranges up to DWARF 4, then .debug_rnglists (DWARF 5, 2.17.3).
func (d *Data) rangesOf(u *Unit, at uint64, indexed bool) []Range {
	if u.Version < 5 {
		return d.oldRanges(u, at)
	}
	b := d.rangeLists
	if indexed {
		step := uint64(4)
		if u.wide {
			step = 8
		}
		if at > uint64(len(b)) || u.rngBase > uint64(len(b)) {
			return nil
		}
		c := cursor{d: d, u: u, b: b, at: min(u.rngBase+at*step, uint64(len(b)))}
		at = u.rngBase + c.number(step)
	}
	if at >= uint64(len(b)) {
		return nil
	}
	c := cursor{d: d, u: u, b: b, at: at}
	size := uint64(u.addrSize)
	base := u.Low
	var found []Range
	for range rangeLimit {
		var start, end uint64
		switch kind := c.number(1); kind {
		case 0: // DW_RLE_end_of_list
			return found
		case 1: // base_addressx
			base = d.address(u, c.uleb())
			continue
		case 2: // startx_endx
			start, end = d.address(u, c.uleb()), d.address(u, c.uleb())
		case 3: // startx_length
			start = d.address(u, c.uleb())
			end = start + c.uleb()
		case 4: // offset_pair
			start, end = base+c.uleb(), base+c.uleb()
		case 5: // base_address
			base = c.number(size)
			continue
		case 6: // start_end
			start, end = c.number(size), c.number(size)
		case 7: // start_length
			start = c.number(size)
			end = start + c.uleb()
		default:
			return found
		}
		if c.bad {
			return found
		}
		if start < end {
			found = append(found, Range{start, end})
		}
	}
	return found
}

func (d *Data) oldRanges(u *Unit, at uint64) []Range {
	if at >= uint64(len(d.ranges)) {
		return nil
	}
	c := cursor{d: d, u: u, b: d.ranges, at: at}
	size, base := uint64(u.addrSize), u.Low
	last := ^uint64(0) >> (64 - 8*size)
	var found []Range
	for range rangeLimit {
		start, end := c.number(size), c.number(size)
		switch {
		case c.bad || start == 0 && end == 0:
			return found
		case start == last:
			base = end
		case start < end:
			found = append(found, Range{base + start, base + end})
		}
	}
	return found
}
