package dwarf

import "path"

const fileLimit = 1 << 18

// files gives the names of the files of a unit by their number, from the header of its line table (DWARF 5, 6.2.4).
func (d *Data) files(u *Unit) []string {
	if !u.hasLine || u.lineAt >= uint64(len(d.line)) {
		return nil
	}
	inner := *u
	c := cursor{d: d, u: &inner, b: d.line, at: u.lineAt}
	offset := uint64(4)
	length := c.number(4)
	inner.wide = length == 0xffffffff
	if inner.wide {
		length, offset = c.number(8), 8
	}
	if c.bad || length > uint64(len(d.line))-c.at {
		return nil
	}
	c.b = d.line[:c.at+length]
	version := c.number(2)
	if version < 2 || version > 5 {
		return nil
	}
	if version == 5 {
		c.take(2) // sizes of addresses and segment selectors
	}
	c.take(offset) // length of the header
	c.take(1)      // minimum instruction length
	if version >= 4 {
		c.take(1) // operations per instruction
	}
	c.take(3) // default_is_stmt, line_base, line_range
	if operations := c.number(1); operations > 0 {
		c.take(operations - 1)
	}
	inner.Version = int(version)
	if version == 5 {
		return c.entries(u)
	}
	folders := []string{u.Dir}
	for !c.bad && len(folders) < fileLimit {
		name := c.cString()
		if name == "" {
			break
		}
		folders = append(folders, joined(u.Dir, name))
	}
	names := []string{""}
	for !c.bad && len(names) < fileLimit {
		name := c.cString()
		if name == "" {
			break
		}
		folder := c.uleb()
		c.uleb() // time
		c.uleb() // length
		if folder < uint64(len(folders)) {
			name = joined(folders[folder], name)
		}
		names = append(names, name)
	}
	return names
}

const contentPath, contentFolder = 1, 2 // DW_LNCT_path, DW_LNCT_directory_index

// entries reads the folders and the files of a version 5 header.
func (c *cursor) entries(u *Unit) []string {
	var folders, names []string
	for table := range 2 {
		formats := make([]attribute, c.number(1))
		for i := range formats {
			formats[i] = attribute{name: uint16(c.uleb()), form: uint16(c.uleb())}
		}
		count := c.uleb()
		for i := uint64(0); i < min(count, fileLimit) && !c.bad && len(formats) > 0; i++ {
			name, folder := "", uint64(0)
			for _, f := range formats {
				switch f.name {
				case contentPath:
					c.value(f)
					name = c.text
				case contentFolder:
					folder = c.value(f)
				default:
					c.skip(f.form)
				}
			}
			switch {
			case table == 0:
				folders = append(folders, joined(u.Dir, name))
			case folder < uint64(len(folders)):
				names = append(names, joined(folders[folder], name))
			default:
				names = append(names, name)
			}
		}
	}
	return names
}

func joined(folder, name string) string {
	if folder == "" || path.IsAbs(name) {
		return name
	}
	return path.Join(folder, name)
}
