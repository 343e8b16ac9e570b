package notice

import (
	"strings"

	"takeback/internal/account"
)

// nouns are what letters call the built-in kinds, in English and Japanese. A
// kind that a shop declares brings its own in Kind.Label.
var nouns = map[string][2]string{
	"name":        {"name", "お名前"},
	"address/*":   {"delivery address", "お届け先住所"},
	"card/*":      {"payment card", "お支払いカード"},
	"forward/*":   {"forwarding of mail", "メールの転送設定"},
	"delegate/*":  {"person who acts for you", "代理人"},
	"household/*": {"member of your household", "ご家族メンバー"},
	"filter/*":    {"mail filter", "メールの振り分け設定"},
	"email":       {"e-mail address", "メールアドレス"},
	"email/*":     {"further e-mail address", "追加のメールアドレス"},
	"phone":       {"telephone number", "電話番号"},
	"password":    {"password", "パスワード"},
	"totp":        {"authenticator app", "認証アプリ"},
	"passkey/*":   {"passkey", "パスキー"},
	"codes":       {"saved codes", "バックアップコード"},
	"token/*":     {"access key for programs", "アプリ用アクセスキー"},
	"link/*":      {"connected account", "連携アカウント"},
	"order/*":     {"order", "ご注文"},
	"closing":     {"closing of the account", "アカウントの利用状態（退会）"},
	"export":      {"permission to download a copy of all your data", "全データのコピーの取得許可"},
}

// What names the kind of a path in the reader's language.
func What(kind account.Kind, path, language string) string {
	if label := kind.Label[language]; label != "" {
		return label
	}
	if label := kind.Label["en"]; label != "" {
		return label
	}
	i := 0
	if language == "ja" {
		i = 1
	}
	if noun := nouns[kind.Pattern][i]; noun != "" {
		return noun
	}
	return strings.ReplaceAll(path, "/", " ")
}

// named adds what its holder calls a thing: passkey “phone”.
func named(what, name, language string) string {
	switch {
	case name == "":
		return what
	case language == "ja":
		return what + "「" + name + "」"
	}
	return what + " “" + name + "”"
}

// order names an order by its number: "order o7".
func order(path, language string) string {
	_, id, _ := strings.Cut(path, "/")
	if language == "ja" {
		return "ご注文 " + id
	}
	return "order " + id
}
