package httpx

import "bytes"

// hasNUL reports whether JSON text contains U+0000, as a byte or as an escape. An
// escaped backslash before "u0000" makes it plain text.
func hasNUL(text []byte) bool {
	if bytes.IndexByte(text, 0) >= 0 {
		return true
	}
	escape := []byte(`\u0000`)
	for from := 0; ; {
		i := bytes.Index(text[from:], escape)
		if i < 0 {
			return false
		}
		i += from
		backslashes := 0
		for j := i; j >= 0 && text[j] == '\\'; j-- {
			backslashes++
		}
		if backslashes%2 == 1 {
			return true
		}
		from = i + len(escape)
	}
}

// tooDeep reports whether arrays and objects are nested deeper than maxJSONDepth.
// encoding/json stops at 10,000 levels, after building them.
func tooDeep(text []byte) bool {
	// No text is deeper than it has brackets; almost all have few.
	if bytes.Count(text, []byte{'['})+bytes.Count(text, []byte{'{'}) <= maxJSONDepth {
		return false
	}
	depth, inString := 0, false
	for i := 0; i < len(text); i++ {
		switch b := text[i]; {
		case inString && b == '\\':
			i++
		case b == '"':
			inString = !inString
		case inString:
		case b == '[' || b == '{':
			if depth++; depth > maxJSONDepth {
				return true
			}
		case b == ']' || b == '}':
			depth--
		}
	}
	return false
}
