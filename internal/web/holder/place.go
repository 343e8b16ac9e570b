package holder

import (
	"strings"

	"takeback/internal/web"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// Places tells roughly where an address is. Package knowledge does, from files of the operator's own.
type Places interface {
	// PlaceOf gives a city, as the files write it, and a country (ISO 3166); either is empty if it is not known.
	PlaceOf(ip string) (city, country string)
}

var regions = map[string]display.Namer{"en": display.English.Regions(), "ja": display.Japanese.Regions()}

// placeOf says where an address is, in the reader's words: "Osaka, Japan", and
// nothing where nothing is known.
func (p *Pages) placeOf(page web.Page, ip string) string {
	if p.Places == nil || ip == "" {
		return ""
	}
	city, country := p.Places.PlaceOf(ip)
	if region, err := language.ParseRegion(country); err == nil {
		country = regions[page.Lang].Name(region)
	}
	return strings.Join(filled(city, country), page.T("place.and"))
}

// from says where somebody was: the place if it is known, and always the address.
func (p *Pages) from(page web.Page, ip string) string {
	return strings.Join(filled(p.placeOf(page, ip), ip), " · ")
}
