package browser

import (
	"context"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// Authenticator gives the window an authenticator that keeps passkeys and finds
// its holder's finger right at once, and gives what takes it away again. Pages that
// use it must be at a name such as localhost: at an address of numbers there are no passkeys.
func (tab *Tab) Authenticator() (lose func()) {
	tab.t.Helper()
	added := ask(tab, "adding an authenticator", func(ctx context.Context, target *chromedp.Target) (r webauthn.AddVirtualAuthenticatorResult, err error) {
		if _, err := cdp.Call(ctx, target, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return r, err
		}
		return cdp.Call(ctx, target, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
			Options: &webauthn.VirtualAuthenticatorOptions{
				Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
				HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true}})
	})
	return func() {
		tab.t.Helper()
		ask(tab, "taking the authenticator away", func(ctx context.Context, target *chromedp.Target) (cdp.Empty, error) {
			return cdp.Call(ctx, target, webauthn.RemoveVirtualAuthenticator, webauthn.RemoveVirtualAuthenticatorParams{AuthenticatorID: added.AuthenticatorID})
		})
	}
}
