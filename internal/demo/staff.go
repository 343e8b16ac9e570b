package demo

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"net/http"
	"time"

	"github.com/pquerna/otp/totp"

	"takeback/internal/access"
	"takeback/internal/app"
	"takeback/internal/db"
	"takeback/internal/desk"
	"takeback/internal/seal"
	"takeback/internal/web"
)

// Employee is one of the three at the desk. The demo is their operator and
// their authenticator app: it knows the seed, which in a real house only the
// phone of the person does.
type Employee struct {
	ID, Name, Email string
	Role            access.Role
	Password        string
	seed            string
}

// Code is what the person's authenticator app shows at a time.
func (e Employee) Code(at time.Time) (string, error) { return totp.GenerateCode(e.seed, at) }

// Actor is the person at work, for the past that is written before anybody has signed in.
func (e Employee) Actor() access.Actor {
	return access.Actor{Role: e.Role, ID: e.ID, Name: e.Name, Session: "past", Client: asked(access.Client{IP: "192.0.2.10", UserAgent: windows, Language: "ja"})}
}

// hire makes the three known. Their seeds are drawn anew for every demo.
func hire(ctx context.Context, a *app.App) ([]Employee, error) {
	staff := []Employee{
		{Name: "佐藤 由紀 (Sato Yuki)", Email: "yuki.sato@awanami.example", Role: access.Agent, Password: "kettle-on-at-seven"},
		{Name: "森 健太 (Mori Kenta)", Email: "kenta.mori@awanami.example", Role: access.Investigator, Password: "threads-of-a-ledger"},
		{Name: "岡田 直美 (Okada Naomi)", Email: "naomi.okada@awanami.example", Role: access.Supervisor, Password: "second-pair-of-eyes"},
	}
	err := a.DB.Write(ctx, func(tx *db.Tx) (err error) {
		for i := range staff {
			var b [20]byte
			_, _ = rand.Read(b[:]) // never fails: crypto/rand ends the program instead
			e := &staff[i]
			e.seed = base32.StdEncoding.EncodeToString(b[:])
			e.ID, err = a.Desk.AddStaff(tx, desk.NewStaff{Name: e.Name, Email: e.Email, Role: e.Role,
				Password: seal.NewSecret(e.Password), Seed: seal.NewSecret(e.seed)})
			if err != nil {
				return err
			}
		}
		return nil
	})
	return staff, err
}

var staffPage = web.NewView[staffView](pages, "staff")

// keyCard is what somebody of the staff signs in with just now.
type keyCard struct {
	Employee
	Code string
	Left int // seconds until the next one
}

type staffView struct {
	web.Page
	Cards []keyCard
}

const codeLasts = 30 * time.Second

func (p *Pages) showStaff(w http.ResponseWriter, r *http.Request) error {
	v := staffView{Page: web.NewPage(r, "staff.title")}
	v.Wide = true
	now := p.Now()
	for _, e := range p.Staff {
		code, err := e.Code(now)
		if err != nil {
			return err
		}
		v.Cards = append(v.Cards, keyCard{e, code[:3] + " " + code[3:], int(codeLasts/time.Second) - int(now.Unix()%int64(codeLasts/time.Second))})
	}
	return staffPage.Render(w, r, v)
}

// staffEvents says "changed" whenever the next code begins to count.
func (p *Pages) staffEvents(w http.ResponseWriter, r *http.Request) error {
	changed := make(chan string, 1)
	go func() {
		for {
			now := p.Now()
			next := time.NewTimer(now.Truncate(codeLasts).Add(codeLasts).Sub(now))
			select {
			case <-next.C:
				say(changed)
			case <-r.Context().Done():
				next.Stop()
				return
			}
		}
	}()
	return web.Stream(w, r, changed)
}
