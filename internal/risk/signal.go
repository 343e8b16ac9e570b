package risk

// Signal names something that speaks for or against the holder. L are of the
// sign-in's context, V of volume, T of sessions, A of changes in the account,
// S of sequences, I of infrastructure, H of the holder.
type Signal string

// The signals of the context.
const (
	NewAddress     Signal = "L01"
	NewSubnet      Signal = "L02"
	NewNetwork     Signal = "L03"
	NewCountry     Signal = "L04"
	NewDevice      Signal = "L05" // no device token that this account knows
	NewBrowser     Signal = "L06"
	NewOS          Signal = "L07"
	NewDeviceType  Signal = "L08"
	OtherLanguage  Signal = "L09"
	OtherClock     Signal = "L10"
	UnusualHour    Signal = "L11"
	TooFast        Signal = "L12" // impossible travel
	CountryHop     Signal = "L13"
	DormantReturn  Signal = "L14"
	RareNetwork    Signal = "L15"
	Context        Signal = "L16" // place and client together
	ColdProfile    Signal = "L17"
	KnownPlace     Signal = "L20" // the other side: what speaks for the holder
	KnownClient    Signal = "L21"
	KnownDevice    Signal = "L22"
	CopiedDevice   Signal = "L24"
	RestlessHolder Signal = "L23" // the account's own habit of being elsewhere, or always in one place
)

// The signals of volume, sessions, changes, sequences, infrastructure, holder.
const (
	FailsAccount      Signal = "V01"
	FailsAddress      Signal = "V02"
	FailsNetwork      Signal = "V03"
	FailsDevice       Signal = "V03d"
	StuffingSource    Signal = "V04"
	Spray             Signal = "V05"
	Enumeration       Signal = "V06"
	AfterAttack       Signal = "V07"
	SiteUnderAttack   Signal = "V08"
	DeviceManyAccount Signal = "V09"
	AddressManyAcc    Signal = "V10"
	BreachedPassword  Signal = "V11"
	PromptFatigue     Signal = "V12"
	SessionMoved      Signal = "T01"
	SessionScripted   Signal = "T02"
	EmailMoved        Signal = "A01"
	PasswordMoved     Signal = "A02"
	PhoneMoved        Signal = "A03"
	FactorMoved       Signal = "A04"
	RecoveryMoved     Signal = "A05"
	AddressAppeared   Signal = "A06"
	PayoutMoved       Signal = "A07"
	CardMoved         Signal = "A07c"
	OrderMade         Signal = "A08"
	DataTaken         Signal = "A09"
	ChannelAgain      Signal = "A10" // several moves of channels
	NoticeMoved       Signal = "A11"
	ChannelAfterRisk  Signal = "S01"
	ValueAfterChannel Signal = "S02"
	ValueToNewcomer   Signal = "S03"
	Campaign          Signal = "S04"
	OnTor             Signal = "I01"
	OnHosting         Signal = "I02"
	OnVPN             Signal = "I03"
	OnRelay           Signal = "I04"
	OnResidential     Signal = "I05"
	OnBadNetwork      Signal = "I06"
	OnDenyList        Signal = "I07"
	OnBadReputation   Signal = "I08"
	ScriptedClient    Signal = "I09"
	OddClient         Signal = "I10"
	DisposableContact Signal = "I11"
	LookalikeContact  Signal = "I11l"
	NotMe             Signal = "H01"
	WasMe             Signal = "H02"
	CannotWarn        Signal = "H03"
)
