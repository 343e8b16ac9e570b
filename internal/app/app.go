package app

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"takeback/internal/access"
	"takeback/internal/account"
	"takeback/internal/api"
	"takeback/internal/ask"
	"takeback/internal/breach"
	"takeback/internal/campaign"
	"takeback/internal/casefile"
	"takeback/internal/connector"
	"takeback/internal/db"
	"takeback/internal/desk"
	"takeback/internal/fault"
	"takeback/internal/freeze"
	"takeback/internal/handback"
	"takeback/internal/history"
	"takeback/internal/investigate"
	"takeback/internal/jobs"
	"takeback/internal/judge"
	"takeback/internal/knowledge"
	"takeback/internal/mail"
	"takeback/internal/notice"
	"takeback/internal/oidc"
	"takeback/internal/pass"
	"takeback/internal/passkey"
	"takeback/internal/report"
	"takeback/internal/restore"
	"takeback/internal/seal"
	"takeback/internal/session"
	"takeback/internal/signin"
	"takeback/internal/sms"
	"takeback/internal/verify"
	"takeback/internal/wave"
	"takeback/internal/web"
	"takeback/internal/web/console"
	"takeback/internal/web/holder"
)

// Config is what a program needs to build Takeback. Printing it shows no secret.
type Config struct {
	DB      string           // a file or postgres://…
	Site    string           // the address that letters lead to, such as https://account.example.jp
	SMTP    seal.Secret      // smtp://… or smtps://…; it may hold a password
	File    File             // the configuration file
	RootKey []byte           // the operator's; nil keeps one in the database
	Now     func() time.Time // time.Now if nil
	Log     *slog.Logger     // slog.Default() if nil
}

// App is Takeback with every room built.
type App struct {
	Config Config

	DB       *db.DB
	Seal     *seal.Keeper
	Post     *mail.Post
	Texts    *sms.Outbox // nil where no text messages are sent
	Runner   *jobs.Runner
	Known    *knowledge.Knowledge
	lists    breach.Lists
	Passkeys *passkey.Party // nil if the site's address has no name
	Kinds    account.Kinds
	Book     *history.Book
	Sessions *session.Sessions
	Files    *casefile.Files

	Judge        *judge.Judge
	Waves        *wave.Watch
	Life         *signin.Life
	Teller       *notice.Teller
	Freezer      *freeze.Freezer
	Desk         *desk.Desk
	Intake       *report.Intake
	Examiner     *verify.Examiner
	Investigator *investigate.Investigator
	Restorer     *restore.Restorer
	Asker        *ask.Asker
	Returner     *handback.Returner
	Campaigns    *campaign.Campaigns
	Passes       *pass.Passes

	Holder  *web.Site
	Console *web.Site
	API     *api.API
	OpenID  *oidc.Provider
}

// New builds Takeback in reading order: the ground, the nouns, the rooms in the
// order of the story, the faces. It opens the database and brings its schema up
// to date; nothing runs before Serve.
func New(ctx context.Context, c Config) (_ *App, err error) {
	defer fault.Wrap(&err, "app.New")
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.File.Name == "" {
		c.File.Name = "Takeback"
	}
	a := &App{Config: c}
	if a.Kinds, err = c.File.kinds(); err != nil {
		return nil, err
	}
	if a.DB, err = db.Open(ctx, c.DB, db.Options{Now: c.Now, Log: c.Log}); err != nil {
		return nil, err
	}
	for _, build := range []func(context.Context) error{a.claim, a.ground, a.nouns, a.rooms, a.faces} {
		if err := build(ctx); err != nil {
			return nil, errors.Join(err, a.DB.Close())
		}
	}
	return a, nil
}

// claim comes before anything is written: a second server on the same file must
// not take back the first one's links before it finds out that it may not run.
func (a *App) claim(context.Context) error { return a.DB.Claim() }

func (a *App) ground(ctx context.Context) (err error) {
	if a.Seal, err = seal.Load(ctx, a.DB, a.Config.RootKey); err != nil {
		return err
	}
	a.Post, err = mail.New(a.DB, a.Seal, a.Config.mail())
	if err == nil {
		a.Post.Keeps = func(tx *db.Tx, id string) (bool, error) {
			of, err := account.Get(tx, id)
			if errors.Is(err, account.ErrNone) {
				return false, nil
			}
			return of.State != account.Closed, err
		}
		err = a.texts()
	}
	a.Runner = &jobs.Runner{DB: a.DB, Log: a.Config.Log}
	if err == nil {
		a.Known, err = a.Config.File.knowledge(a.Config.Log)
	}
	if err == nil {
		a.lists, err = a.Config.File.lists()
	}
	if err == nil {
		a.Passkeys, err = passkey.New(a.Config.Site, a.Config.File.Name, a.Seal)
	}
	return err
}

// texts builds what sends text messages, if the file says who does.
func (a *App) texts() error {
	gateway, err := a.Config.File.texter()
	if err != nil || gateway == nil {
		return err
	}
	s := a.Config.File.SMS
	a.Texts, err = sms.New(a.DB, a.Seal, gateway, sms.Config{Service: a.Config.File.Name, Site: a.Config.Site, Country: s.Country, Countries: s.Countries})
	return err
}

func (a *App) nouns(context.Context) error {
	a.Book = &history.Book{Kinds: a.Kinds, AddressKey: signin.AddressKey}
	a.Sessions = session.New(a.DB, a.Book, a.Seal)
	a.Files = &casefile.Files{OnStep: a.onStep}
	return nil
}

// rooms builds the story. Rooms do not know one another: where one needs
// another's verb, it is handed in here.
func (a *App) rooms(ctx context.Context) error {
	service := a.Config.File.Name
	if err := a.judge(ctx); err != nil {
		return err
	}
	a.Waves = &wave.Watch{DB: a.DB, Log: a.Config.Log}
	a.Teller = &notice.Teller{DB: a.DB, Post: a.Post, Seal: a.Seal, Kinds: a.Kinds}
	a.Sessions.Tell = func(tx *db.Tx, copied session.Session) error {
		// The letter names the device that the holder signed in on, by which she knows it again.
		return a.Teller.TellReplayed(tx, copied.Account, service, access.Client{IP: copied.IP, UserAgent: copied.UserAgent})
	}
	a.Life = &signin.Life{DB: a.DB, Book: a.Book, Sessions: a.Sessions, Seal: a.Seal, Post: a.Post, Crier: crier{a.Teller}, Witness: a.Teller, Herald: a.Teller, Judge: judging{a.Judge}, Breach: a.lists, Passkeys: a.Passkeys, Log: a.Config.Log, Service: service, Words: a.Config.File.Passwords.Words, AnyComposition: a.Config.File.Passwords.Composition == "any", AlwaysSecond: a.Config.File.SignIn.SecondStep == "always"}
	a.Freezer = &freeze.Freezer{Files: a.Files, Book: a.Book}
	a.Life.Orders, a.Life.Waves = a.Freezer, a.Waves
	a.Desk = &desk.Desk{DB: a.DB, Files: a.Files, Book: a.Book, Seal: a.Seal, Post: a.Post, Freezer: a.Freezer, Service: service}
	a.Intake = &report.Intake{DB: a.DB, Seal: a.Seal, Files: a.Files, Freezer: a.Freezer, Desk: a.Desk, Post: a.Post, Zone: a.Config.zone(), NameOf: desk.NameOf}
	a.Investigator = &investigate.Investigator{DB: a.DB, Files: a.Files, Kinds: a.Kinds}
	a.Examiner = &verify.Examiner{DB: a.DB, Files: a.Files, Seal: a.Seal, Post: a.Post, Exposed: a.Investigator, Saved: a.Life, Keys: a.Life, Undoer: a.Freezer, Eyes: a.Desk}
	if a.Texts != nil {
		a.Life.Texts, a.Examiner.Texts = a.Texts, a.Texts
		a.Texts.Handle(a.Runner)
	}
	a.Restorer = &restore.Restorer{DB: a.DB, Book: a.Book, Files: a.Files, Port: connector.Own{DB: a.DB, Book: a.Book}, Finder: a.Investigator, Release: a.Freezer, Eyes: a.Desk, Calls: a.Examiner}
	a.Asker = &ask.Asker{DB: a.DB, Book: a.Book, Files: a.Files, Sessions: a.Sessions, Seal: a.Seal, Post: a.Post, Prover: a.Examiner, Finder: a.Investigator, Planner: planner{a}}
	a.Returner = &handback.Returner{DB: a.DB, Book: a.Book, Files: a.Files, Post: a.Post, Finder: a.Investigator, Restored: a.Restorer, Prover: a.Examiner}
	a.Investigator.OnMark, a.Restorer.Clear, a.Restorer.OnFalse = a.Restorer.StopLosses, a.Investigator, a.onFalse
	a.Campaigns = &campaign.Campaigns{DB: a.DB, Book: a.Book, Finder: together{a}, Carrier: together{a}, Looks: a.Desk}

	a.Passes = &pass.Passes{DB: a.DB, Book: a.Book, Sessions: a.Sessions, Seal: a.Seal, Teller: a.Teller, Issuer: strings.TrimSuffix(a.Config.Site, "/"), Log: a.Config.Log}

	a.Book.Verified = a.Examiner.Evidence
	// Whoever changes anything has told whom it concerns, in the same transaction.
	a.Book.OnAppend = []func(*db.Tx, history.Change) error{a.Judge.Hear, a.Teller.Hear, a.Restorer.Hear, a.Campaigns.Hear, a.Passes.Hear}
	for _, room := range []interface{ Handle(*jobs.Runner) }{a.Post, a.Life, a.Intake, a.Restorer, a.Returner, a.Campaigns, a.Passes} {
		room.Handle(a.Runner)
	}
	return nil
}

func (a *App) faces(context.Context) error {
	shell, err := a.Config.shell()
	if err != nil {
		return err
	}
	puzzle, gate := a.gates()
	a.Holder = (&holder.Pages{Life: a.Life, Puzzle: puzzle, Gate: gate, Waves: a.Waves, Protection: byService{a}, Asker: a.Asker, Judged: a.Judge, Places: atlas{a.Known}, Passes: a.Passes,
		Alarm: holder.Alarm{Intake: a.Intake, Teller: a.Teller, Verify: a.Examiner, Undo: a.Examiner, Keys: a.Examiner}}).Site(shell)
	a.Console = (&console.Pages{Desk: a.Desk, Examiner: a.Examiner, Investigator: a.Investigator, Restorer: a.Restorer, Returner: a.Returner,
		Campaigns: a.Campaigns, Asker: a.Asker, Judge: a.Judge, Waves: a.Waves, Known: a.Known}).Site(shell)
	a.API = &api.API{Sessions: a.Sessions, Keys: access.KeyRing{DB: a.DB, Seal: a.Seal}, Accounts: account.Reader{DB: a.DB},
		History: history.Reader{DB: a.DB}, Cases: casefile.Reader{DB: a.DB}, Life: a.Life, Registrar: a.Life,
		Freezer: byService{a}, Cards: byService{a}, Orders: byService{a}, Judge: a.Judge, Site: a.Config.Site, Proxies: shell.Proxies, Log: a.Config.Log}
	a.OpenID = &oidc.Provider{Passes: a.Passes, Proxies: shell.Proxies, Log: a.Config.Log}
	a.Passes.Caller = a.OpenID
	return nil
}

// gates are what mass requests are asked for: the picture puzzle, which resetting
// a password always asks for, and what the configuration chose for the rest.
func (a *App) gates() (*web.Puzzle, web.Gate) {
	spent := signin.Spent{DB: a.DB, Seal: a.Seal}
	puzzle := &web.Puzzle{Spent: spent, Seal: a.Seal, Now: a.Config.Now}
	if a.Config.File.Gate == "puzzle" {
		return puzzle, puzzle
	}
	return puzzle, &web.Proof{Puzzle: puzzle, Hash: a.Seal.Hash, Spent: spent, Purposes: holder.Gated, Now: a.Config.Now}
}

// mail is the part of the configuration that concerns letters.
func (c Config) mail() mail.Config {
	m := c.File.Mail
	return mail.Config{URL: c.SMTP, From: cmp.Or(m.From, "account-care@takeback.example"), FromName: cmp.Or(m.FromName, c.File.Name), Service: c.File.Name, Site: c.Site, Zone: c.File.Zone,
		DKIMSelector: m.DKIM.Selector, DKIMKeyFile: m.DKIM.KeyFile}
}

// zone is the time zone of the house: that of the configuration file, which
// mail has checked by now, or Tokyo.
func (c Config) zone() *time.Location {
	zone, err := time.LoadLocation(cmp.Or(c.File.Zone, "Asia/Tokyo"))
	if err != nil {
		return time.UTC
	}
	return zone
}

// shell is the part of the configuration that concerns pages.
func (c Config) shell() (web.Config, error) {
	proxies, err := access.ParseProxies(c.File.Proxies)
	return web.Config{Brand: c.File.Name, HTTPS: c.File.HTTPS, Proxies: proxies, Log: c.Log, Now: c.Now}, err
}

// Handler is all faces under one roof. Pages and API stand on muxes of their
// own, because they go by different rules: cookies here, keys there.
func (a *App) Handler() http.Handler {
	mux := http.NewServeMux()
	programs := a.API.Handler()
	mux.Handle("/v1/", programs)
	mux.Handle("/openapi.json", programs)
	mux.Handle("/openapi-3.0.json", programs)
	openid := a.OpenID.Handler()
	mux.Handle("/oauth/", openid)
	mux.Handle("/.well-known/openid-configuration", openid)
	mux.Handle("/assets/", web.Assets())
	mux.Handle("/desk", a.Console)
	mux.Handle("/desk/", a.Console)
	mux.Handle("/", a.Holder)
	return mux
}

// patience is how long a client may take to send a request and to take its
// answer: longer than any page takes, so that nobody honest meets it.
const patience = time.Minute

// patient lets nobody hold a connection by sending or reading a byte now and
// then. The server's own timeouts would end event streams, too; those set theirs.
func patient(next http.Handler, patience time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, until := http.NewResponseController(w), time.Now().Add(patience)
		if err := errors.Join(c.SetReadDeadline(until), c.SetWriteDeadline(until)); err != nil {
			panic(http.ErrAbortHandler) // the connection is gone
		}
		next.ServeHTTP(w, r)
	})
}

// forRequests is how long requests under way may take when the program is asked
// to end. Event streams never end by themselves; they are ended then.
const forRequests = time.Second

// Serve answers on l with h, which is Handler or what stands in front of it, and
// carries out jobs until ctx ends, then finishes what is under way. It closes l.
func (a *App) Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	requests, endRequests := context.WithCancel(context.WithoutCancel(ctx))
	defer endRequests()
	srv := &http.Server{Handler: patient(h, patience), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		BaseContext: func(net.Listener) context.Context { return requests },
		ErrorLog:    slog.NewLogLogger(a.Config.Log.Handler(), slog.LevelWarn)}
	worked, saved, ended := make(chan error, 1), make(chan error, 1), make(chan error, 1)
	go func() { worked <- a.Runner.Run(ctx) }()
	go a.Known.Watch(ctx)
	watched := make(chan struct{})
	go func() { a.Waves.Run(ctx); close(watched) }()
	go func() { saved <- a.Judge.Run(ctx) }()
	context.AfterFunc(ctx, func() {
		defer time.AfterFunc(forRequests, endRequests).Stop()
		grace, done := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer done()
		ended <- srv.Shutdown(grace)
	})
	err := srv.Serve(l)
	stop()
	if errors.Is(err, http.ErrServerClosed) {
		err = <-ended
	}
	<-watched
	return errors.Join(err, <-worked, <-saved)
}

// Close closes the database, after Serve has returned.
func (a *App) Close() error { return errors.Join(a.DB.Close(), a.lists.Close()) }
