package holder

import (
	"net/http"
	"time"

	"takeback/internal/web"
)

// deviceView is a device that the account remembers.
type deviceView struct {
	Handle, Device string
	First, Last    time.Time
	Keyed          bool // it is known by a key of its own
	Here           bool
}

// remembered fills in the devices that count as known.
func (p *Pages) remembered(r *http.Request, v *securityView) error {
	devices, err := p.Life.Devices(r.Context(), web.ActorOf(r))
	for _, d := range devices {
		v.Devices = append(v.Devices, deviceView{d.Handle, deviceOf(v.Page, d.UserAgent), d.FirstAt, d.LastAt, d.Key != "", d.ID == web.ClientOf(r).Device})
	}
	return err
}

// forgetDevice makes a device unknown again.
func (p *Pages) forgetDevice(w http.ResponseWriter, r *http.Request) error {
	id, err := p.Life.ForgetDevice(r.Context(), web.ActorOf(r), r.PathValue("device"))
	if err != nil {
		return err
	}
	if id == web.ClientOf(r).Device {
		drop(w, sessionCookie)
		return web.Done(w, r, "/sign-in", "device.here")
	}
	return web.Done(w, r, "/security", "device")
}
