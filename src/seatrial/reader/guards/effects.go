package guards

import "seatrial.example/reader/isa"

// read is the value of an operand.
func (w *walk) read(s *state, p place) value {
	switch p.form {
	case number:
		return known(p.n)
	case register:
		if p.reg == w.f.m.zero {
			return known(0)
		}
		if p.reg >= len(s.regs) {
			return value{}
		}
		return s.regs[p.reg]
	}
	at, onStack, ok := s.address(p)
	switch {
	case !ok:
		return value{}
	case onStack:
		return s.slot(at, p.size)
	}
	return w.variable(uint64(at), p.size)
}

// variable is the value of a variable of the program.
func (w *walk) variable(addr uint64, size int) value {
	f := w.f
	if w.hwcap && size == 8 && f.data(addr) {
		w.sees()
		return value{kind: word, source: f.m.hwcap, n: -1}
	}
	if size <= 1 {
		if imply, ok := f.flags[addr]; ok {
			w.sees()
			if imply.isAll() {
				return known(0)
			}
			return value{kind: boolean, imply: imply}
		}
		if f.zero(addr) {
			return known(0)
		}
	}
	if f.about(addr) {
		return value{kind: boolean, imply: testOf(addr)}
	}
	return value{}
}

func (w *walk) sees() {
	if w.found != nil {
		w.found.reads = true
	}
}

// write sets an operand.
func (w *walk) write(s *state, p place, v value) {
	switch p.form {
	case register:
		if p.reg < len(s.regs) && p.reg != w.f.m.zero {
			s.regs[p.reg] = v
		}
		return
	case memory, absolute:
	default:
		return
	}
	at, onStack, ok := s.address(p)
	switch {
	case !ok:
	case onStack:
		s.setSlot(at, p.size, v)
	case w.found != nil:
		w.found.stores = append(w.found.stores, store{uint64(at), p.size, v, s.holds})
	}
}

// instruction goes over one instruction, and reports it in the last pass.
func (w *walk) instruction(s *state, c *lifted) {
	f := w.f
	if w.found != nil {
		if needs := c.in.Features.Without(f.base); !needs.Empty() {
			w.found.uses = append(w.found.uses, use{c.in.Addr, needs, s.holds})
		}
		switch c.in.Flow {
		case isa.Call, isa.Jump, isa.Branch:
			if f.target(c.in.Target) {
				held := s.holds
				if c.in.Flow == isa.Branch {
					more := w.branch(s, c, c.cond)
					more.set = f.closure(more.set)
					held = held.with(more)
				}
				w.found.refs = append(w.found.refs, reference{c.in.Addr, c.in.Target, false, held})
			}
		}
	}
	for i := range c.ops {
		w.effect(s, c, &c.ops[i])
	}
	switch c.in.Flow {
	case isa.Call:
		w.call(s, c.in.Target)
	case isa.IndirectCall:
		s.lend(f.m)
		s.forget(f.m)
		s.flags = flags{}
	}
}

// call forgets the registers, but for what a function returns that asks the CPU.
func (w *walk) call(s *state, target uint64) {
	f := w.f
	if !f.asksCPU(target) {
		s.lend(f.m)
		s.forget(f.m)
		s.flags = flags{}
		answer := f.answers(target)
		if answer == (facts{}) && f.about(target) {
			answer = testOf(target)
		}
		if answer != (facts{}) {
			s.regs[f.m.results[0]] = value{kind: boolean, imply: answer}
		}
		return
	}
	if w.found != nil {
		w.found.cpuid = true
	}
	sp := s.regs[f.m.stack]
	leaf, sub := s.regs[f.m.arguments[0]], s.regs[f.m.arguments[1]]
	var onStack [2]value
	if sp.kind == stack {
		onStack[0], onStack[1] = s.slot(sp.n, 4), s.slot(sp.n+4, 4)
	}
	s.forget(f.m)
	s.flags = flags{}
	for i := range 4 {
		s.regs[f.m.results[i]] = f.m.cpuid(leaf, sub, i)
		if sp.kind == stack {
			s.setSlot(sp.n+8+int64(4*i), 4, f.m.cpuid(onStack[0], onStack[1], i))
		}
	}
}

func (w *walk) effect(s *state, c *lifted, o *op) {
	m := w.f.m
	switch o.kind {
	case opClobber:
		w.write(s, o.dst, value{})
	case opFlags:
		s.flags = flags{}
	case opForgetAll:
		s.forget(m)
		s.flags = flags{}
	case opSmash:
		at, onStack, ok := s.address(o.dst)
		switch {
		case ok && onStack:
			s.wipe(at, o.dst.size)
		case ok && w.found != nil:
			w.found.stores = append(w.found.stores, store{uint64(at), o.dst.size, value{}, s.holds})
		}
	case opMove:
		v := w.read(s, o.src)
		w.number(s, c, o.dst, v)
		w.write(s, o.dst, v)
	case opAdd:
		v := add(w.read(s, o.src), w.read(s, o.src2))
		w.number(s, c, o.dst, v)
		w.write(s, o.dst, v)
		if o.dst.form == register && o.dst.reg != m.stack {
			s.flags = flags{}
		}
	case opAnd:
		v := w.intersection(w.read(s, o.src), w.read(s, o.src2))
		w.write(s, o.dst, v)
		s.flags = flags{kind: opTest, v: v}
	case opOr:
		v := w.union(w.read(s, o.src), w.read(s, o.src2))
		w.write(s, o.dst, v)
		s.flags = flags{kind: opTest, v: v}
	case opShift:
		w.write(s, o.dst, w.shifted(w.read(s, o.src), o.src2.n))
		s.flags = flags{}
	case opCompare:
		a, b := w.read(s, o.src), w.read(s, o.src2)
		s.flags = flags{}
		if b.kind == constant {
			s.flags = flags{kind: opCompare, v: a, n: b.n}
		}
	case opTest:
		s.flags = flags{kind: opTest, v: w.intersection(w.read(s, o.src), w.read(s, o.src2))}
	case opBit:
		n := w.read(s, o.src2)
		s.flags = flags{}
		if n.kind == constant {
			s.flags = flags{kind: opBit, v: w.read(s, o.src), n: n.n}
		}
	case opSet:
		v := value{kind: boolean, imply: s.implied(m, o.cond)}
		if v.imply.isAll() {
			v = known(0)
		}
		w.write(s, o.dst, v)
	case opSelect:
		yes, no := w.read(s, o.src), w.read(s, o.src2)
		w.write(s, o.dst, m.merge(yes, s.implied(m, o.cond), no, s.implied(m, o.cond.not())))
	case opCPUID:
		leaf, sub := s.regs[rAX], s.regs[rCX]
		if w.found != nil {
			w.found.cpuid = true
		}
		for i, r := range []int{rAX, rBX, rCX, rDX} {
			s.regs[r] = m.cpuid(leaf, sub, i)
		}
	case opPush:
		v := w.read(s, o.src)
		s.regs[m.stack] = add(s.regs[m.stack], known(-8))
		if sp := s.regs[m.stack]; sp.kind == stack {
			s.setSlot(sp.n, 8, v)
		}
	case opPop:
		v := value{}
		if sp := s.regs[m.stack]; sp.kind == stack {
			v = s.slot(sp.n, 8)
		}
		s.regs[m.stack] = add(s.regs[m.stack], known(8))
		w.write(s, o.dst, v)
	}
}

// number reports a number that comes up: it may be the address of a function, or of a word that points to one.
func (w *walk) number(s *state, c *lifted, dst place, v value) {
	if v.kind != constant || w.found == nil || w.f.m.pages && c.in.Address != 0 {
		return
	}
	if w.f.pointer(uint64(v.n)) {
		w.found.refs = append(w.found.refs, reference{c.in.Addr, uint64(v.n), true, s.holds})
	}
	if w.f.seen != nil && (dst.form != register || dst.reg != w.f.m.temporary) {
		w.f.seen(v.n)
	}
}

func add(a, b value) value {
	if b.kind != constant {
		a, b = b, a
	}
	if b.kind == constant && (a.kind == constant || a.kind == stack) {
		a.n += b.n
		return a
	}
	return value{}
}

// intersection is a & b.
func (w *walk) intersection(a, b value) value {
	if a.kind == constant {
		a, b = b, a
	}
	switch {
	case a == b:
		return a
	case b.kind == constant && a.kind == word:
		a.n &= b.n
		return a
	case b.kind == constant && b.n == 0:
		return known(0)
	case a.kind == constant && b.kind == constant:
		return known(a.n & b.n)
	case b.kind == constant && a.kind == stack:
		return value{}
	}
	both := w.f.m.ifNotZero(a).with(w.f.m.ifNotZero(b))
	if b.kind == constant {
		both = w.f.m.ifNotZero(a)
	}
	if both == (facts{}) {
		return value{}
	}
	return value{kind: boolean, imply: both}
}

// union is a | b.
func (w *walk) union(a, b value) value {
	if a == b {
		return a
	}
	either := w.f.m.ifNotZero(a).and(w.f.m.ifNotZero(b))
	if either == (facts{}) || a.kind == stack || b.kind == stack {
		return value{}
	}
	if either.isAll() {
		return known(0)
	}
	return value{kind: boolean, imply: either}
}

// shifted is v >> n, of which the lowest bit is looked at.
func (w *walk) shifted(v value, n int64) value {
	if v.kind != word || n < 0 || n > 63 {
		return value{}
	}
	v.n &= 1 << uint(n)
	imply := w.f.m.ifNotZero(v)
	if imply == (facts{}) {
		return value{}
	}
	return value{kind: boolean, imply: imply}
}
