package wants

import (
	"encoding/json"

	"seatrial.example/reader/gometa"
	"seatrial.example/reader/image"
	"seatrial.example/reader/request"
)

func init() {
	request.RegisterGo("types", types)
	request.RegisterGo("itabs", itabs)
}

type listArgs struct {
	All bool `json:"all"` // each of them, not only the counts
}

type typesAnswer struct {
	Count int            `json:"count"`
	Kinds map[string]int `json:"kinds"`
	All   []goType       `json:"all,omitempty"`
}

type goType struct {
	Address  uint64   `json:"address"`
	Kind     string   `json:"kind"`
	Name     string   `json:"name"`
	Package  string   `json:"package,omitempty"`
	Named    bool     `json:"named,omitempty"`
	Size     uint64   `json:"size"`
	Align    int      `json:"align"`
	Elem     uint64   `json:"elem,omitempty"`
	Key      uint64   `json:"key,omitempty"`
	Length   uint64   `json:"length,omitempty"`
	Channel  int      `json:"channel,omitempty"` // reflect.ChanDir
	Variadic bool     `json:"variadic,omitempty"`
	In       []uint64 `json:"in,omitempty"`
	Out      []uint64 `json:"out,omitempty"`
	Fields   []field  `json:"fields,omitempty"`
	Methods  []string `json:"methods,omitempty"`
}

type field struct {
	Name     string `json:"name"`
	Type     uint64 `json:"type"`
	Offset   uint64 `json:"offset"`
	Embedded bool   `json:"embedded,omitempty"`
}

func types(_ *image.Image, t *gometa.Meta, args json.RawMessage) (any, error) {
	var asked listArgs
	if err := request.Arguments(args, &asked); err != nil {
		return nil, err
	}
	reader, err := t.Types()
	if err != nil {
		return nil, err
	}
	answer := typesAnswer{Kinds: map[string]int{}}
	for addr := range reader.All() {
		one, err := reader.Type(addr)
		if err != nil {
			return nil, err
		}
		answer.Count++
		answer.Kinds[one.Kind.String()]++
		if !asked.All {
			continue
		}
		told := goType{
			Address: one.Addr, Kind: one.Kind.String(), Name: one.Name, Package: one.Package, Named: one.Named,
			Size: one.Size, Align: one.Align, Elem: one.Elem, Key: one.Key, Length: one.Len, Channel: one.Dir, Variadic: one.Variadic,
			In: one.In, Out: one.Out,
		}
		for _, f := range one.Fields {
			told.Fields = append(told.Fields, field(f))
		}
		for _, m := range one.Methods {
			told.Methods = append(told.Methods, m.Name)
		}
		answer.All = append(answer.All, told)
	}
	return answer, nil
}

type itabsAnswer struct {
	Count int    `json:"count"`
	All   []itab `json:"all,omitempty"`
}

type itab struct {
	Interface string   `json:"interface"`
	Type      string   `json:"type"`
	Funcs     []string `json:"funcs"` // in the order of the interface's methods
}

func itabs(_ *image.Image, t *gometa.Meta, args json.RawMessage) (any, error) {
	var asked listArgs
	if err := request.Arguments(args, &asked); err != nil {
		return nil, err
	}
	reader, err := t.Types()
	if err != nil {
		return nil, err
	}
	found, err := reader.Itabs()
	if err != nil {
		return nil, err
	}
	answer := itabsAnswer{Count: len(found)}
	if !asked.All {
		return answer, nil
	}
	for _, one := range found {
		told := itab{reader.Name(one.Interface), reader.Name(one.Type), []string{}}
		for _, pc := range one.Funcs {
			f, _ := t.FuncAt(pc)
			told.Funcs = append(told.Funcs, f.Name)
		}
		answer.All = append(answer.All, told)
	}
	return answer, nil
}
