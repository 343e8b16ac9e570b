package handback

import (
	"fmt"
	"strings"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/history"
)

// words are the turns of the letter that its template does not have, in one language.
type words struct {
	nouns   map[string]string // by pattern of the kind
	did     map[history.Verb]string
	secret  map[string]string // a credential, by pattern
	signed  string            // signed in; where from
	stopped string
	removed string // what is there after we took something away
	empty   string // a contact that nobody can be reached at for now
	active  string // a passkey that works again
	waits   string // a path that only the holder can tell about
	lacks   string // a contact that must be registered again
	which   string // one of several: noun, which
	gained  string // a movement that adds
	points  string
	states  map[string]string // what became of an order, by what was done about it
	undone  map[string]string // what stays of it after a false alarm
	desk    string
}

var wordsOf = map[string]words{
	"en": {
		nouns: map[string]string{
			"name": "name", "language": "language", "default/address": "preferred address", "default/card": "preferred card", "note/*": "note",
			"profile": "personal details", "prefs": "settings", "address/*": "delivery address", "card/*": "payment card", "forward/*": "forwarding of mail", "delegate/*": "person who acts for you", "household/*": "member of your household",
			"filter/*": "mail filter", "email": "e-mail address", "email/*": "further e-mail address", "phone": "telephone number", "password": "password",
			"totp": "authenticator app", "passkey/*": "passkey", "codes": "saved codes", "token/*": "access key for programs", "link/*": "connected account",
			"points": "points", "wallet": "balance", "order/*": "order",
		},
		did: map[history.Verb]string{
			history.Open: "Somebody signed in%s.", history.Recover: "Somebody got in through a contact of the account%s.",
			history.Handover: "Somebody took over a session that was open%s.", history.Set: "Changed: %s.", history.Patch: "Changed: %s.",
			history.Add: "Added: %s.", history.Remove: "Removed: %s.", history.Contact: "Changed to another one: %s.", history.Drop: "Removed: %s.",
			history.Credential: "Set: %s.", history.View: "Looked at: %s.", history.Move: "Used: %s.", history.Order: "Placed: %s.", history.Confirm: "Confirmed: %s.",
		},
		secret:  map[string]string{"password": "The password was changed.", "totp": "An authenticator app was connected.", "codes": "New saved codes were made."},
		signed:  " with %s from %s",
		stopped: "We stopped the account. From this moment on nothing could be changed in it.",
		removed: "removed", empty: "empty for now", active: "works again",
		waits: "%s: we could not tell whether this was you. Please look at it.", lacks: "%s: please register it again.",
		which: "%s %s", gained: "Credited: %s.", points: "%s points",
		states: map[string]string{"refund": "will be refunded", "claim": "we are claiming it back for you", "book-loss": "we bear this loss, not you"},
		undone: map[string]string{"cancel": "cancelled", "refund": "refunded", "claim": "claimed back", "book-loss": "written off by us", "correct-ship-to": "delivery address corrected"},
		desk:   "Account protection desk",
	},
	"ja": {
		nouns: map[string]string{
			"name": "お名前", "language": "表示言語", "default/address": "既定のお届け先", "default/card": "既定のカード", "note/*": "メモ",
			"profile": "お客様情報", "prefs": "各種設定", "address/*": "お届け先住所", "card/*": "お支払いカード", "forward/*": "メールの転送設定", "delegate/*": "代理人", "household/*": "ご家族メンバー",
			"filter/*": "メールの振り分け設定", "email": "メールアドレス", "email/*": "追加のメールアドレス", "phone": "電話番号", "password": "パスワード",
			"totp": "認証アプリ", "passkey/*": "パスキー", "codes": "バックアップコード", "token/*": "アプリ用アクセスキー", "link/*": "連携アカウント",
			"points": "ポイント", "wallet": "残高", "order/*": "ご注文",
		},
		did: map[history.Verb]string{
			history.Open: "何者かがサインインしました%s。", history.Recover: "何者かが登録済みの連絡先を使ってサインインしました%s。",
			history.Handover: "何者かがサインイン中の状態を乗っ取りました%s。", history.Set: "%sが変更されました。", history.Patch: "%sが変更されました。",
			history.Add: "%sが追加されました。", history.Remove: "%sが削除されました。", history.Contact: "%sが別のものに変更されました。", history.Drop: "%sが削除されました。",
			history.Credential: "%sが設定されました。", history.View: "%sが閲覧されました。", history.Move: "%sが使われました。", history.Order: "%sが行われました。", history.Confirm: "%sが確認されました。",
		},
		secret:  map[string]string{"password": "パスワードが変更されました。", "totp": "認証アプリが登録されました。", "codes": "バックアップコードが新しく発行されました。"},
		signed:  "（%s、%s）",
		stopped: "当方でアカウントを停止しました。これ以降、アカウントの内容は一切変更できなくなりました。",
		removed: "削除しました", empty: "現在は未登録です", active: "再びお使いいただけます",
		waits: "%s：ご本人様の操作かどうか判断できませんでした。お手数ですが内容をご確認ください。", lacks: "%s：お手数ですが、あらためてご登録ください。",
		which: "%s（%s）", gained: "%sが加算されました。", points: "%sポイント",
		states: map[string]string{"refund": "返金いたします", "claim": "当方から返金を請求しております", "book-loss": "当方が負担いたします"},
		undone: map[string]string{"cancel": "取り消し済み", "refund": "返金済み", "claim": "返金を請求中", "book-loss": "当方で負担", "correct-ship-to": "お届け先を変更済み"},
		desk:   "アカウント保護窓口",
	},
}

func in(language string) words {
	if w, ok := wordsOf[language]; ok {
		return w
	}
	return wordsOf["en"]
}

// Noun names the kind of a path in the reader's language: a shop's own kinds by their label.
func Noun(kind account.Kind, path, language string) string {
	for _, l := range []string{language, "en"} {
		if label := kind.Label[l]; label != "" {
			return label
		}
	}
	noun := in(language).nouns[kind.Pattern]
	if noun == "" {
		noun = strings.ReplaceAll(path, "/", " ")
	}
	if _, id, ok := strings.Cut(path, "/"); ok && kind.Algebra == account.Effect {
		return fmt.Sprintf(in(language).which, noun, id)
	}
	return noun
}

// moment tells a change of the intruder's in a sentence.
func (w words) moment(c history.Change, kind account.Kind, language, client string) string {
	if c.Verb == history.Freeze {
		return w.stopped
	}
	sentence := w.did[c.Verb]
	if sentence == "" {
		return ""
	}
	noun := Noun(kind, c.Path, language)
	switch c.Verb {
	case history.Open, history.Recover, history.Handover:
		from := ""
		if c.Client.IP != "" {
			from = fmt.Sprintf(w.signed, client, c.Client.IP)
		}
		if c.Role == access.Nobody {
			from = ""
		}
		return fmt.Sprintf(sentence, from)
	case history.Credential:
		if s := w.secret[kind.Pattern]; s != "" {
			return s
		}
	case history.Contact:
		return fmt.Sprintf(sentence, fmt.Sprintf(w.which, noun, Shown(kind, c.After, language)))
	case history.Move:
		if c.Amount > 0 {
			sentence = w.gained
		}
		if amount := w.amount(kind, max(c.Amount, -c.Amount)); kind.Pattern == "points" {
			noun = amount
		} else {
			noun = fmt.Sprintf(w.which, noun, amount)
		}
	}
	return fmt.Sprintf(sentence, noun)
}

// amount says a movement or balance: points as points, any other ledger as the number that the shop keeps.
func (w words) amount(kind account.Kind, n int64) string {
	if kind.Pattern == "points" {
		return fmt.Sprintf(w.points, account.Whole(n))
	}
	return account.Whole(n)
}
