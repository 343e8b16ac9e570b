package signin

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"takeback/internal/fault"
	"takeback/internal/seal"

	"github.com/ccojocar/zxcvbn-go/frequency"
	"golang.org/x/text/unicode/norm"
)

// What is wrong with a new password. Each is returned with the field it is about.
var (
	ErrPasswordShort    = fault.New(fault.Invalid, "password.short", "Please use at least 8 characters.")
	ErrPasswordLong     = fault.New(fault.Invalid, "password.long", "Please use at most 128 characters.")
	ErrPasswordMix      = fault.New(fault.Invalid, "password.mix", "Please use letters and digits, or at least 15 characters.")
	ErrPasswordCommon   = fault.New(fault.Invalid, "password.common", "This password is on the lists that intruders try first. Please choose another one.")
	ErrPasswordPersonal = fault.New(fault.Invalid, "password.personal", "Your name or e-mail address is in this password. Please choose another one.")
	ErrPasswordService  = fault.New(fault.Invalid, "password.service", "The name of this service, or another word of it, is in this password. Those are tried first.")
	ErrPasswordWeak     = fault.New(fault.Invalid, "password.weak", "This password is easy to guess.")
	ErrPasswordUsed     = fault.New(fault.Invalid, "password.used", "This password was used in this account before. Please choose a new one.")
)

const (
	passwordLeast = 8
	passwordMost  = 128
	// passwordBytes is how many bytes 128 characters can be before NFKC puts
	// together what belongs together; more is not even looked at.
	passwordBytes = 2048
	// estimated is how much of a password the estimator is given: its time grows
	// with the square of the length, and what is weak is weak before this.
	estimated = 72
	// Advised is the length that is advised to whoever has no second factor. From
	// there on a password may be of anything, letters alone too: what makes it hard to guess is its length.
	Advised = 15
)

// against is what a new password is held against.
type against struct {
	personal []string               // the holder's name and addresses
	service  []string               // what the service is called, and words of its own
	id       string                 // of the new password
	used     []string               // ids of every secret the account ever had, the intruder's among them
	any      bool                   // of any composition: letters alone will do, however short it is
	listed   func(seal.Secret) bool // asked last, about what nothing else is wrong with, because it may ask outside; may be nil
}

// checkPassword tells what is wrong with a new password, for a field of a form.
// Any character of Unicode counts, in the form NFKC: wide letters and half-wide
// kana are the same as those of another keyboard.
func checkPassword(field string, password seal.Secret, k against) error {
	if len(password.Reveal()) > passwordBytes {
		return ErrPasswordLong.On(field)
	}
	// A character that came damaged would be the same as any other damaged one.
	if !utf8.ValidString(password.Reveal()) || strings.ContainsFunc(password.Reveal(), unwritable) {
		return ErrCharacters.On(field)
	}
	text := norm.NFKC.String(password.Reveal())
	length := utf8.RuneCountInString(text)
	if length > passwordMost {
		return ErrPasswordLong.On(field)
	}
	var errs []error
	if length < passwordLeast {
		errs = append(errs, ErrPasswordShort.On(field))
	}
	if !k.any && length < Advised && (!strings.ContainsFunc(text, unicode.IsLetter) || !strings.ContainsFunc(text, unicode.IsDigit)) {
		errs = append(errs, ErrPasswordMix.On(field))
	}
	lower := strings.ToLower(text)
	if common()[lower] {
		errs = append(errs, ErrPasswordCommon.On(field))
	}
	holds := func(part string) bool { return strings.Contains(lower, part) }
	parts := personalParts(k.personal)
	if slices.ContainsFunc(parts, holds) {
		errs = append(errs, ErrPasswordPersonal.On(field))
	}
	bare := joined(lower)
	if slices.ContainsFunc(k.service, func(word string) bool { w := joined(word); return len(w) > 1 && strings.Contains(bare, w) }) {
		errs = append(errs, ErrPasswordService.On(field))
	}
	if len(errs) == 0 {
		for _, why := range weakness(lower, parts) {
			errs = append(errs, why.On(field))
		}
	}
	if slices.Contains(k.used, k.id) {
		errs = append(errs, ErrPasswordUsed.On(field))
	}
	if len(errs) == 0 && k.listed != nil && k.listed(password) {
		errs = append(errs, ErrPasswordCommon.On(field))
	}
	return errors.Join(errs...)
}

// unwritable tells what no keyboard puts into a password: controls, and what stands for half a pair.
func unwritable(c rune) bool { return unicode.IsControl(c) || c == utf8.RuneError }

func head(s string, runes int) string {
	for i := range s {
		if runes == 0 {
			return s[:i]
		}
		runes--
	}
	return s
}

// joined is a text in small letters, without what stands between words: a name of
// three words is found in a password however they are joined there.
func joined(s string) string {
	return strings.Map(func(c rune) rune {
		if unicode.IsLetter(c) || unicode.IsDigit(c) {
			return c
		}
		return -1
	}, strings.ToLower(norm.NFKC.String(s)))
}

// personalParts cuts names and addresses into what must not be in a password:
// words of four letters, or of two where each one says more.
func personalParts(personal []string) (parts []string) {
	for _, p := range personal {
		local, _, _ := strings.Cut(strings.ToLower(norm.NFKC.String(p)), "@")
		words := strings.FieldsFunc(local, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
		for _, w := range append(words, local) {
			least := 4
			if strings.ContainsFunc(w, func(c rune) bool {
				return unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
			}) {
				least = 2
			}
			if utf8.RuneCountInString(w) >= least && !slices.Contains(parts, w) {
				parts = append(parts, w)
			}
		}
	}
	return parts
}

// common are the passwords that the estimator's authors gathered from public
// leaks, and Japanese ones with the digits that people put behind them.
var common = sync.OnceValue(func() map[string]bool {
	all := map[string]bool{}
	for _, p := range frequency.Lists["Passwords"].List {
		all[strings.ToLower(p)] = true
	}
	for _, w := range japanese {
		for _, tail := range []string{"", "1", "12", "123", "1234", "12345", "123456", "0", "00", "01", "11", "111", "777", "2020", "2021", "2022", "2023", "2024", "2025", "2026"} {
			all[w+tail] = true
		}
	}
	return all
})

// japanese are words that people in Japan take for passwords. The estimator
// knows none of them, and would count each kana as three strange characters.
var japanese = strings.Fields(`
パスワード パスワ アイウエオ かきくけこ さくら ありがとう こんにちは おはよう ひみつ ログイン ピカチュウ ドラえもん ドラゴン ナルト
秘密 暗証番号 日本 東京 大阪 京都 富士山 大好き 家族 桜 猫 犬 海 空 花 雪 月 星 田中 佐藤 鈴木 高橋 渡辺 伊藤 山本 中村 小林 加藤
pasuwado passwado pasuwa aiueo kakikukeko sakura arigato arigatou arigatogozaimasu konnichiha konnichiwa ohayou himitsu ansho nihon nippon japan
tokyo toukyou osaka oosaka kyoto kyouto nagoya sapporo fukuoka yokohama kobe fujisan aishiteru daisuki watashi kazoku neko inu
himawari tanpopo umi sora hana yuki tsuki hoshi tanaka satou sato suzuki takahashi watanabe itou yamamoto nakamura kobayashi
kato katou yoshida yamada hanako tarou taro ichiro jirou pikachu pikachiyuu doraemon doragon gundam naruto totoro ghibli onepiece luffy
ichigo ringo mikan momo chibi choko kuma usagi tora ryuu samurai ninja bushido sensei kawaii ganbare ganbatte baka roguin
giants tigers hanshin carp softbank docomo rakuten mercari yahoojp amazonjp qwertyjp zaq12wsx 1qaz2wsx kinako mugi
`)

// syllables reads kana aloud, one by one: near enough to find a word in the list.
var syllables = func() map[rune]string {
	all := map[rune]string{'ー': "", 'っ': "", 'ッ': ""}
	for _, s := range strings.Fields(`あa いi うu えe おo かka きki くku けke こko がga ぎgi ぐgu げge ごgo さsa しshi すsu せse そso ざza じji ずzu ぜze ぞzo
		たta ちchi つtsu てte とto だda ぢji づzu でde どdo なna にni ぬnu ねne のno はha ひhi ふfu へhe ほho ばba びbi ぶbu べbe ぼbo
		ぱpa ぴpi ぷpu ぺpe ぽpo まma みmi むmu めme もmo やya ゆyu よyo らra りri るru れre ろro わwa をo んn ぁa ぃi ぅu ぇe ぉo ゃya ゅyu ょyo`) {
		kana, size := utf8.DecodeRuneInString(s)
		all[kana], all[kana+'ア'-'あ'] = s[size:], s[size:]
	}
	return all
}()

// romaji writes a password as a Latin keyboard would: kana by their sound, each
// other strange character as one letter, listed words in kanji as the commonest password.
func romaji(s string) string {
	for _, w := range japanese {
		if c, _ := utf8.DecodeRuneInString(w); unicode.Is(unicode.Han, c) {
			s = strings.ReplaceAll(s, w, "password")
		}
	}
	var b strings.Builder
	for _, c := range s {
		sound, kana := syllables[c]
		switch {
		case kana:
			b.WriteString(sound)
		case c < utf8.RuneSelf:
			b.WriteRune(c)
		default:
			b.WriteByte('a' + byte(c%26))
		}
	}
	return b.String()
}
