package api

import (
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"

	"takeback/internal/signin"
)

// Value is what a fact holds: a text, the parts of a group or element, or the
// balance of a ledger. Only texts and parts can be written.
type Value json.RawMessage

// Schema describes the forms a value has. The bounds are those of room signin.
func (Value) Schema(r huma.Registry) *huma.Schema {
	const name = "Value"
	if r.Map()[name] == nil {
		text, number := &huma.Schema{Type: huma.TypeString}, &huma.Schema{Type: huma.TypeInteger, Format: "int64"}
		part := &huma.Schema{OneOf: []*huma.Schema{text, number}} // orders have amounts
		r.Map()[name] = &huma.Schema{
			Description: "A text, the parts of a group or an element, or the balance of a ledger.",
			OneOf:       []*huma.Schema{text, {Type: huma.TypeObject, AdditionalProperties: part}, number},
			Examples:    []any{map[string]string{"to": "佐藤 花子", "post": "100-0001", "line": "東京都千代田区千代田1-1"}},
		}
		for _, s := range append(r.Map()[name].OneOf, part) {
			s.PrecomputeMessages()
		}
	}
	return &huma.Schema{Ref: "#/components/schemas/" + name}
}

// MarshalJSON gives the value as it is kept.
func (v Value) MarshalJSON() ([]byte, error) {
	if v == nil {
		return []byte("null"), nil
	}
	return v, nil
}

// UnmarshalJSON writes the value anew. As it was sent it could say a name twice,
// and the one that nobody looked at would be kept with the other.
func (v *Value) UnmarshalJSON(b []byte) error {
	var any any
	if err := json.Unmarshal(b, &any); err != nil {
		return err
	}
	whole, err := json.Marshal(any)
	*v = whole
	return err
}

// written is the value for a room, or the fault that it has no form that can be written.
func (v Value) written() (json.RawMessage, error) {
	var text string
	var parts map[string]string
	if json.Unmarshal(v, &text) != nil && json.Unmarshal(v, &parts) != nil {
		return nil, signin.ErrValue.On("value")
	}
	for name := range parts {
		if cardlike(name) {
			return nil, signin.ErrCardNumber.On("value")
		}
	}
	return json.RawMessage(v), nil
}
