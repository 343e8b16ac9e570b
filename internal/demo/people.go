package demo

// The shop and everybody in it are invented. Addresses name streets that do not
// exist, telephone numbers are from ranges that nobody is given, and mail goes
// to domains that are reserved for examples.

// name is how a person is called: as written, as read, and in letters of an address.
type name struct{ text, kana, latin string }

var families = []name{
	{"佐藤", "サトウ", "sato"}, {"鈴木", "スズキ", "suzuki"}, {"高橋", "タカハシ", "takahashi"}, {"伊藤", "イトウ", "ito"}, {"渡辺", "ワタナベ", "watanabe"},
	{"山本", "ヤマモト", "yamamoto"}, {"中村", "ナカムラ", "nakamura"}, {"小林", "コバヤシ", "kobayashi"}, {"加藤", "カトウ", "kato"}, {"吉田", "ヨシダ", "yoshida"},
	{"山田", "ヤマダ", "yamada"}, {"佐々木", "ササキ", "sasaki"}, {"山口", "ヤマグチ", "yamaguchi"}, {"松本", "マツモト", "matsumoto"}, {"井上", "イノウエ", "inoue"},
	{"木村", "キムラ", "kimura"}, {"林", "ハヤシ", "hayashi"}, {"清水", "シミズ", "shimizu"}, {"斎藤", "サイトウ", "saito"}, {"山崎", "ヤマザキ", "yamazaki"},
	{"阿部", "アベ", "abe"}, {"池田", "イケダ", "ikeda"}, {"橋本", "ハシモト", "hashimoto"}, {"石川", "イシカワ", "ishikawa"}, {"前田", "マエダ", "maeda"},
	{"藤田", "フジタ", "fujita"}, {"後藤", "ゴトウ", "goto"}, {"小川", "オガワ", "ogawa"}, {"岡田", "オカダ", "okada"}, {"村上", "ムラカミ", "murakami"},
	{"長谷川", "ハセガワ", "hasegawa"}, {"近藤", "コンドウ", "kondo"}, {"石井", "イシイ", "ishii"}, {"坂本", "サカモト", "sakamoto"}, {"遠藤", "エンドウ", "endo"},
	{"青木", "アオキ", "aoki"}, {"西村", "ニシムラ", "nishimura"}, {"福田", "フクダ", "fukuda"}, {"太田", "オオタ", "ota"}, {"三浦", "ミウラ", "miura"},
}

var givens = []name{
	{"陽子", "ヨウコ", "yoko"}, {"恵子", "ケイコ", "keiko"}, {"由美", "ユミ", "yumi"}, {"さくら", "サクラ", "sakura"}, {"美穂", "ミホ", "miho"},
	{"千夏", "チナツ", "chinatsu"}, {"葵", "アオイ", "aoi"}, {"結衣", "ユイ", "yui"}, {"真理", "マリ", "mari"}, {"彩", "アヤ", "aya"},
	{"直子", "ナオコ", "naoko"}, {"優子", "ユウコ", "yuko"}, {"麻衣", "マイ", "mai"}, {"詩織", "シオリ", "shiori"}, {"久美子", "クミコ", "kumiko"},
	{"健", "ケン", "ken"}, {"大輔", "ダイスケ", "daisuke"}, {"誠", "マコト", "makoto"}, {"拓也", "タクヤ", "takuya"}, {"翔太", "ショウタ", "shota"},
	{"浩", "ヒロシ", "hiroshi"}, {"和也", "カズヤ", "kazuya"}, {"亮", "リョウ", "ryo"}, {"直樹", "ナオキ", "naoki"}, {"修", "オサム", "osamu"},
	{"蓮", "レン", "ren"}, {"悠斗", "ユウト", "yuto"}, {"隆", "タカシ", "takashi"}, {"学", "マナブ", "manabu"}, {"雄一", "ユウイチ", "yuichi"},
}

// women are how many of givens, from the first, are names of women: those change their family name oftener.
const women = 15

var englishFamilies = []string{"Ashdown", "Bellamy", "Carver", "Dunmore", "Ellery", "Fairley", "Garland", "Holloway", "Inglis", "Jessop", "Kendrick", "Lockhart",
	"Marlow", "Norwood", "Oakes", "Penrose", "Quill", "Rowley", "Sedgwick", "Thorne", "Underhill", "Vickers", "Wetherby", "Yardley"}

var englishGivens = []string{"Alice", "Beth", "Clara", "Daisy", "Ella", "Freya", "Grace", "Hannah", "Isla", "June",
	"Adam", "Ben", "Callum", "Daniel", "Edgar", "Finn", "George", "Henry", "Ivan", "Jack"}

var mailboxes = map[string][]string{
	"ja": {"example.jp", "mail.example.jp", "post.example.jp", "mail.example.com"},
	"en": {"example.com", "mail.example.com", "post.example.net", "example.org"},
}

// Where parcels go: a city that a caller may be asked for, and streets that are in no map.
var japaneseCities = []string{
	"東京都世田谷区", "東京都目黒区", "神奈川県横浜市", "神奈川県川崎市", "千葉県千葉市", "埼玉県さいたま市",
	"愛知県名古屋市", "大阪府大阪市", "兵庫県神戸市", "京都府京都市", "広島県広島市", "福岡県福岡市",
	"北海道札幌市", "宮城県仙台市", "新潟県新潟市", "静岡県静岡市",
}

var japaneseStreets = []string{"架空町", "ほしぞら町", "かぜまち", "うたかた町", "みずうみ台", "ゆめの丘", "つきあかり町", "こもれび坂"}

var japaneseHouses = []string{"コーポあわなみ", "ハイツ架空", "メゾンかぜまち", "グランほしぞら"}

var englishCities = []string{"Bristol", "Leeds", "Cardiff", "Portland", "Denver", "Boston", "Dublin", "Toronto"}

var englishStreets = []string{"Imaginary Lane", "Nowhere Street", "Made-Up Road", "Storybook Close", "Invented Avenue", "Daydream Hill"}

// ware is something on the shelves.
type ware struct {
	ja, en string
	yen    int
}

var wares = []ware{
	{"『波止場の灯』文庫", "“Lamp on the Quay”, paperback", 880}, {"『雨の日の図書室』", "“The Library on Rainy Days”", 1760}, {"『猫と郵便局』絵本", "“The Cat at the Post Office”, picture book", 1540},
	{"『山の数学』", "“Mathematics of Mountains”", 2970}, {"『小さな発酵の本』", "“A Little Book of Ferments”", 1650}, {"『夜行列車の旅』", "“By Night Train”", 1980},
	{"煎茶 100g", "Sencha, 100 g", 1296}, {"ほうじ茶 200g", "Hojicha, 200 g", 1080}, {"抹茶 30g", "Matcha, 30 g", 1944}, {"和紅茶 50g", "Japanese black tea, 50 g", 972},
	{"急須（常滑焼）", "Teapot, Tokoname ware", 6600}, {"湯のみ 二客", "Two tea cups", 3300}, {"便箋セット", "Writing paper set", 990}, {"図書カード 5,000円", "Book voucher, ¥5,000", 5000},
	{"しおり 五枚組", "Five bookmarks", 660}, {"『星の地図帳』", "“Atlas of Stars”", 4180},
}

// Clients that people come with.
const (
	iPhone  = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
	android = "Mozilla/5.0 (Linux; Android 15; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Mobile Safari/537.36"
	windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/137.0.0.0 Safari/537.36"
	mac     = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15"
	iPad    = "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
	linux   = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
)

var phones, computers = []string{iPhone, iPhone, android, android, iPad}, []string{windows, windows, mac, linux}
