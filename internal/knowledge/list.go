package knowledge

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"

	"takeback/internal/mail"
)

// list is addresses, networks and numbers of autonomous systems that something
// is said of.
type list struct {
	addresses ranges[struct{}]
	numbers   map[uint32]struct{}
}

// says tells whether an address is on the list. A list that has nothing of an
// address's family, or only numbers where the network is unknown, cannot tell.
func (l *list) says(a netip.Addr, network uint32) (answer Answer) {
	if l.addresses.knows(a) {
		answer = No
		if _, listed := l.addresses.find(a); listed {
			return Yes
		}
	}
	if len(l.numbers) > 0 && network != 0 {
		answer = No
		if _, listed := l.numbers[network]; listed {
			return Yes
		}
	}
	return answer
}

// readList reads a list: an address, a network or a number of one at the
// beginning of each line. What stands behind it on the line is for people.
func readList(r io.Reader) (*list, error) {
	all, l := gathering[struct{}]{}, &list{numbers: map[uint32]struct{}{}}
	first := true
	err := eachLine(r, func(line int, text string) error {
		begin := firstWord(text)
		title := first && !strings.ContainsAny(begin, "0123456789:") // "ASN,Entity"
		first = false
		if title {
			return nil
		}
		if number, ok := asNumber(begin); ok {
			l.numbers[number] = struct{}{}
			return nil
		}
		from, to, err := span(begin)
		if err != nil {
			return fmt.Errorf("%q is no address, no network and no number of a network", short(begin))
		}
		all.add(from, to, line, struct{}{})
		return nil
	})
	if err != nil {
		return nil, err
	}
	all.four, all.six = union(all.four), union(all.six)
	addresses, err := all.ranges()
	if err != nil {
		return nil, err
	}
	if l.addresses = *addresses; !l.addresses.any() && len(l.numbers) == 0 {
		return nil, errEmpty
	}
	return l, nil
}

// errEmpty is what an empty file is refused with: a download that failed must
// not make everybody's address a good one.
var errEmpty = errors.New("there is nothing in it")

func (r *ranges[V]) any() bool { return len(r.four)+len(r.six) > 0 }

// firstWord gives what a line begins with, up to a blank, a comma or the like.
func firstWord(line string) string {
	if i := strings.IndexAny(line, " \t,;#"); i >= 0 {
		line = line[:i]
	}
	return strings.Trim(line, `"`)
}

// domains are domains of mail.
type domains map[string]struct{}

// has tells whether a domain or one above it is on the list: sub-domains of
// such services are free, too.
func (d domains) has(domain string) bool {
	for {
		if _, listed := d[domain]; listed {
			return true
		}
		_, above, more := strings.Cut(domain, ".")
		if !more {
			return false
		}
		domain = above
	}
}

// readDomains reads a list of domains, one a line.
func readDomains(r io.Reader) (domains, error) {
	all := domains{}
	err := eachLine(r, func(_ int, text string) error {
		d := normalDomain(firstWord(text))
		if d == "" {
			return fmt.Errorf("%q is no domain of mail", short(text))
		}
		all[d] = struct{}{}
		return nil
	})
	if err == nil && len(all) == 0 {
		err = errEmpty
	}
	return all, err
}

// normalDomain gives a domain in the form in which it is compared, as letters
// have it: lower case, in ASCII. It is empty if no mail can go there.
func normalDomain(s string) string {
	a, err := mail.ParseAddress("x@" + strings.TrimSuffix(strings.TrimPrefix(s, "*."), "."))
	if err != nil {
		return ""
	}
	return domainOf(a)
}

func domainOf(a mail.Address) string {
	key := a.Key()
	return key[strings.LastIndexByte(key, '@')+1:]
}
