package risk

import "math"

// What a change adds to the log-odds that the account is in other hands. These
// are judgements and no fit: nobody publishes what follows after a takeover.
var changeEvidence = [...]float64{
	EmailChanged: 2.0, PasswordChanged: 1.2, PhoneChanged: 1.5, FactorChanged: 1.8, RecoveryChanged: 1.8, NoticeChanged: 2.0,
	AddressAdded: 0.7, PayoutChanged: 1.5, CardChanged: 0.5, OrderPlaced: 0.2, Exported: 1.0, KeyMade: 1.2, Custom: 0,
}

// changeSignal names the change in reasons.
var changeSignal = [...]Signal{
	EmailChanged: EmailMoved, PasswordChanged: PasswordMoved, PhoneChanged: PhoneMoved, FactorChanged: FactorMoved,
	RecoveryChanged: RecoveryMoved, NoticeChanged: NoticeMoved, AddressAdded: AddressAppeared, PayoutChanged: PayoutMoved,
	CardChanged: CardMoved, OrderPlaced: OrderMade, Exported: DataTaken, KeyMade: DataTaken, Custom: "",
}

// What sessions and sequences add, and how fast it fades (minutes).
const (
	risky         = 1.0 // log-odds from which a session counts as a newcomer's
	movedDevice   = 4.0 // T01: another device token or user agent
	movedNetwork  = 1.5 // only another network, and none the account knows
	movedCountry  = 2.0 // in another country besides
	scripted      = 2.0 // T02
	afterRisk     = 2.5 // S01
	afterRiskHalf = 60.0
	afterMove     = 2.5 // S02
	afterMoveHalf = 90.0
	moveMemory    = 24 * 60.0 // how long a moved channel is looked back at
	toNewcomer    = 2.0       // S03
	channelAgain  = 1.0       // A10, for each move before
	factorAtHome  = 0.4       // A04 in a session of which nothing is strange: pages advise to set up several ways in, and nobody does it in two visits
)

// stand finds how the session of an event stands: as it was opened, or, if it is
// not known or has changed hands, as its client looks now.
func (j *judge) stand() {
	j.standing = max(j.context, 0)
	if j.e.Kind == SignedIn || j.e.Kind == SignInFailed {
		if j.p.n == 0 {
			j.standing = 0 // nothing to judge by: T, A and S go on from here
		}
		return
	}
	if v := j.visit(); v != nil {
		j.standing = fading(float64(v.risk), since(j.e.At, v.at), halfLife)
	} else if !j.contextKnown() {
		j.standing = 0
	}
}

func (j *judge) visit() *visit { return j.p.trail.visit(j.r.values.long(j.r.values.session)) }

// contextKnown tells whether an event says anything about where it came from.
func (j *judge) contextKnown() bool {
	v := &j.r.values
	return v.address != 0 || v.network != 0 || v.agent != 0 || v.shown != 0
}

// handsChanged looks for a session that goes on from somewhere else: T01 and T02. An
// address alone does not count, phones change theirs all day, and so does a
// network that the account knows.
func (j *judge) handsChanged() {
	w := j.visit()
	if w == nil || j.e.Kind == SignedIn || j.e.Kind == SignInFailed {
		return
	}
	v := &j.r.values
	token := j.e.Device.Asked && w.token != 0 && v.long(v.shown) != w.token
	agent := w.agent != 0 && v.agent != 0 && v.short(v.agent) != w.agent
	network := w.network != 0 && v.network != 0 && v.short(v.network) != w.network && j.r.fresh[atNetwork]
	if !token && !agent && !network {
		return
	}
	found := 0.0
	if token || agent {
		found = movedDevice
	}
	if network {
		found += movedNetwork
		if j.r.fresh[atCountry] {
			found += movedCountry
		}
	}
	// The session was the holder's, so whoever has it now is judged by their own look.
	if j.context > j.standing {
		j.standing = j.context
	}
	j.moved = true
	j.suspect(found, Reason{Signal: SessionMoved, Name: j.e.Client.Browser, Number: int64(j.e.Place.Network)})
	if isScript(j.e.Client.Agent) {
		j.suspect(scripted, Reason{Signal: SessionScripted, Name: j.e.Client.Agent})
	}
	if token || agent {
		j.raise(StepUp, Reason{})
	}
}

// sequence weighs changes and what came before them. Suspicion fades, so that an
// order in the week after a new e-mail address is an order.
func (j *judge) sequence() {
	k, t := j.e.Kind, &j.p.trail
	if int(k) >= len(changeEvidence) || !k.MovesChannel() && !k.MovesValue() {
		return
	}
	at := j.e.At
	evidence, atHome := changeEvidence[k], k == FactorChanged && !j.newcomer()
	if atHome {
		evidence = factorAtHome
	}
	j.weigh(evidence, Reason{Signal: changeSignal[k], Name: k.String()})
	ago := since(at, t.channelAt)
	moved := t.channelAt > 0 && ago <= moveMemory
	if k.MovesChannel() {
		if moved && t.channels > 0 && !atHome {
			j.weigh(fading(channelAgain*math.Min(float64(t.channels), 3), ago, halfLife), Reason{Signal: ChannelAgain, Number: int64(t.channels)})
		}
		if w := j.visit(); j.newcomer() {
			minutes := 0.0
			if w != nil {
				minutes = since(at, w.at)
			}
			j.weigh(fading(afterRisk, minutes, afterRiskHalf), Reason{Signal: ChannelAfterRisk, Number: int64(minutes)})
		}
		return
	}
	pointed := t.pointer(j.r.values.long(j.r.values.target), at)
	if moved {
		j.valueAfterChannel(ago, pointed)
	}
	if pointed != nil && k != AddressAdded && (pointed.risk >= risky || moved && t.channelAt <= pointed.at) {
		j.chain = j.chain || moved
		minutes := since(at, pointed.at)
		j.consider(fading(toNewcomer, minutes, halfLife), Reason{Signal: ValueToNewcomer, Number: int64(minutes)})
	}
}

// valueAfterChannel is the sequence that nobody ships: a contact, factor or notice
// is moved, then value. An order to a place that the account had long before is
// what a holder does who has just put the contact right; to have something sent
// elsewhere is what an intruder came for. Only the latter is a sequence to freeze
// for: a holder abroad with a new phone and a new password orders as well.
func (j *judge) valueAfterChannel(ago float64, pointed *pointer) {
	t := &j.p.trail
	weight := afterMove
	switch {
	case j.e.Kind == AddressAdded, j.e.Kind == CardChanged:
		weight = afterMove / 2 // a step on the way, and no harm yet
	case j.e.Kind == OrderPlaced && j.e.Target != "" && pointed == nil:
		weight = afterMove / 2
	default:
		j.chain = true
	}
	j.moved = j.moved || fading(float64(t.channelBy), ago, halfLife) >= risky
	found := fading(weight, ago, afterMoveHalf)
	if found < .05 {
		return
	}
	j.consider(found, Reason{Signal: ValueAfterChannel, Name: j.e.Kind.String(), Number: int64(ago)})
	if j.newcomer() && ago <= 2*afterMoveHalf {
		j.raise(Hold, Reason{})
	}
}

// holder heeds what the holder said: H01 to H03.
func (j *judge) holder() {
	t := &j.p.trail
	switch {
	case j.e.Kind == HolderDenied:
		j.act += mostCarried
		j.raise(Freeze, Reason{Signal: NotMe})
	case j.e.Kind == HolderConfirmed:
		j.raise(Let, Reason{Signal: WasMe})
	case t.denied && j.e.Kind != SignInFailed && j.e.Kind != PromptRefused && j.e.Kind != NoticeBounced:
		j.raise(Freeze, Reason{Signal: NotMe})
	case (j.e.Kind == NoticeBounced || t.bounced) && (j.e.Kind.MovesChannel() || j.e.Kind.MovesValue()):
		j.consider(1.5, Reason{Signal: CannotWarn})
	}
}
