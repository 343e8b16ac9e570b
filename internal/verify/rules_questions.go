package verify

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"takeback/internal/account"
	"takeback/internal/history"
)

// Asking is a question with the answers that an agent may hear. Which one is
// right is not in it: who reads it cannot help a caller.
type Asking struct {
	ID      string
	Kind    string   // opened, first-device, old-address, old-mail, last-order: for its words
	Options []string // in an order that says nothing; months as 2024-05, devices by key, others as they are
	Visible bool     // it can be seen inside the account, so an intruder may know it
	right   string
}

// Right tells whether an answer is the right one.
func (q Asking) Right(answer string) bool { return answer == q.right }

// questions makes the questions of an account from what it did before the
// incident. seed keeps their order the same at every look at one case.
func questions(changes []history.Change, facts []account.Fact, before int64, seed string) (out []Asking) {
	changes = slices.Clone(changes)
	changes = slices.DeleteFunc(changes, func(c history.Change) bool { return c.Seq >= before })
	if len(changes) == 0 {
		return nil
	}
	add := func(kind, right string, visible bool, others []string) {
		if right == "" {
			return
		}
		q := Asking{ID: kind, Kind: kind, Visible: visible, right: right}
		q.Options = mixed(append([]string{right}, others...), seed+kind)
		out = append(out, q)
	}
	first := changes[0].At
	add("opened", first.Format("2006-01"), false, monthsAround(first.Year(), int(first.Month()), seed))
	add("first-device", firstDevice(changes), false, slices.Clone(devices))
	seen := inView(changes, facts)
	city, still := oldCity(changes, seen)
	add("old-address", city, still, othersThan(city))
	add("old-mail", oldProvider(changes, seen), false, slices.Clone(providers))
	for _, c := range slices.Backward(changes) {
		if c.Verb == history.Order {
			add("last-order", c.At.Format("2006-01"), true, monthsAround(c.At.Year(), int(c.At.Month()), seed+"o"))
			break
		}
	}
	return out
}

const offered = 5 // answers to choose from

// mixed keeps the first of several answers, adds others up to the number
// offered, and puts them into an order that depends only on the seed.
func mixed(all []string, seed string) []string {
	key := func(s string) string {
		sum := sha256.Sum256([]byte(seed + "\x00" + s))
		return hex.EncodeToString(sum[:])
	}
	right, rest := all[0], slices.DeleteFunc(all[1:], func(s string) bool { return s == all[0] })
	byKey := func(a, b string) int { return strings.Compare(key(a), key(b)) }
	slices.SortFunc(rest, byKey)
	picked := append([]string{right}, rest[:min(len(rest), offered-1)]...)
	slices.SortFunc(picked, byKey)
	return slices.Compact(picked)
}

// monthsAround gives months that could be taken for the right one, none of them next to it.
func monthsAround(year, month int, seed string) (out []string) {
	sum := sha256.Sum256([]byte(seed))
	at, step := year*12+month-1, 2+int(sum[0])%2
	shift := int(sum[1]) % offered // where the right one stands among them
	for i := range offered {
		if m := at + (i-shift)*step; m != at {
			out = append(out, strconv.Itoa(m/12)+"-"+string("0123456789"[(m%12+1)/10])+string("0123456789"[(m%12+1)%10]))
		}
	}
	return out
}

var devices = []string{"iphone", "ipad", "android", "windows", "mac", "linux"}

// firstDevice tells what kind of device the account was first used from.
func firstDevice(changes []history.Change) string {
	for _, c := range changes {
		ua := strings.ToLower(c.Client.UserAgent)
		for _, d := range [][2]string{{"iphone", "iphone"}, {"ipad", "ipad"}, {"android", "android"}, {"windows", "windows"}, {"macintosh", "mac"}, {"linux", "linux"}} {
			if strings.Contains(ua, d[0]) {
				return d[1]
			}
		}
	}
	return ""
}

var (
	japanese = regexp.MustCompile(`^(?:東京都|北海道|(?:京都|大阪)府|[^\s\d市区町村]{2,3}県)?([^\s\d]{1,7}?[市区町村])`)
	citiesJa = []string{"世田谷区", "目黒区", "横浜市", "川崎市", "千葉市", "さいたま市", "名古屋市", "大阪市", "堺市", "神戸市", "京都市", "広島市", "福岡市", "札幌市", "仙台市", "新潟市", "静岡市", "岡山市"}
	citiesEn = []string{"Bristol", "Leeds", "Cardiff", "Portland", "Denver", "Boston", "Dublin", "Toronto", "Lyon", "Bremen", "Graz", "Utrecht"}
)

// city gives the part of an address that people remember without giving it away.
func city(line string) string {
	if m := japanese.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
		return m[1]
	}
	parts := strings.Split(line, ",")
	for _, p := range slices.Backward(parts[min(1, len(parts)):]) {
		if p = strings.TrimSpace(p); p != "" && !strings.ContainsAny(p, "0123456789") {
			return p
		}
	}
	return ""
}

func othersThan(right string) []string {
	if strings.ContainsAny(right, "市区町村") {
		return slices.Clone(citiesJa)
	}
	return slices.Clone(citiesEn)
}

// inView gives the facts that the intruder found in the account, and those that
// are in it now: what he has since changed or removed he has seen all the same.
func inView(before []history.Change, now []account.Fact) []account.Fact {
	then := map[string]account.Fact{}
	for _, c := range before {
		switch {
		case c.After != nil:
			then[c.Path] = account.Fact{Path: c.Path, Value: c.After}
		case c.Verb == history.Remove || c.Verb == history.Drop:
			delete(then, c.Path)
		}
	}
	return append(slices.Collect(maps.Values(then)), now...)
}

// oldCity gives the city of an address of before, best one that nobody inside
// the account could see; still tells that it is none of those.
func oldCity(changes []history.Change, facts []account.Fact) (found string, still bool) {
	now := map[string]bool{}
	for _, f := range facts {
		if strings.HasPrefix(f.Path, "address/") {
			now[city(f.Parts()["line"])] = true
		}
	}
	for _, c := range changes {
		if !strings.HasPrefix(c.Path, "address/") || c.After == nil {
			continue
		}
		here := city(account.Fact{Value: c.After}.Parts()["line"])
		if here == "" {
			continue
		}
		if !now[here] {
			return here, false
		}
		found, still = here, true
	}
	return found, still
}

var providers = []string{"gmail.com", "yahoo.co.jp", "outlook.com", "icloud.com", "docomo.ne.jp", "ezweb.ne.jp", "softbank.ne.jp", "proton.me"}

// oldProvider gives where a former e-mail address of the account was.
func oldProvider(changes []history.Change, facts []account.Fact) string {
	for _, c := range changes {
		if c.Verb != history.Contact || !(account.Contact{Slot: c.Path}).Mail() || slices.ContainsFunc(facts, func(f account.Fact) bool { return string(f.Value) == string(c.After) }) {
			continue
		}
		if _, domain, ok := strings.Cut(account.Fact{Value: c.After}.Text(), "@"); ok {
			return strings.ToLower(domain)
		}
	}
	return ""
}
