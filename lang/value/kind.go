package value

// kindNames are the kinds as scripts and messages name them.
var kindNames = [...]string{
	KindNull:     "null",
	KindBool:     "bool",
	KindInt:      "int",
	KindFloat:    "float",
	KindString:   "string",
	KindDuration: "duration",
	KindRate:     "rate",
	KindSize:     "size",
	KindPercent:  "percent",
	KindIP:       "ip",
	KindPrefix:   "prefix",
	KindMAC:      "mac",
	KindList:     "list",
	KindRecord:   "record",
	KindRange:    "range",
}

// String is the kind's name in the language, as `ip` or `list`.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// Kind is KindNull.
func (Null) Kind() Kind { return KindNull }

// Kind is KindBool.
func (Bool) Kind() Kind { return KindBool }

// Kind is KindInt.
func (Int) Kind() Kind { return KindInt }

// Kind is KindFloat.
func (Float) Kind() Kind { return KindFloat }

// Kind is KindString.
func (String) Kind() Kind { return KindString }

// Kind is KindDuration.
func (Duration) Kind() Kind { return KindDuration }

// Kind is KindRate.
func (Rate) Kind() Kind { return KindRate }

// Kind is KindSize.
func (Size) Kind() Kind { return KindSize }

// Kind is KindPercent.
func (Percent) Kind() Kind { return KindPercent }

// Kind is KindIP.
func (IP) Kind() Kind { return KindIP }

// Kind is KindPrefix.
func (Prefix) Kind() Kind { return KindPrefix }

// Kind is KindMAC.
func (MAC) Kind() Kind { return KindMAC }

// Kind is KindList.
func (List) Kind() Kind { return KindList }

// Kind is KindRecord.
func (*Record) Kind() Kind { return KindRecord }

// Kind is KindRange.
func (Range) Kind() Kind { return KindRange }
