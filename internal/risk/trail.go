package risk

// trail is what happened lately in an account, and is followed until it is old.
type trail struct{}
