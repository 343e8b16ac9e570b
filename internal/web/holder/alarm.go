package holder

import "takeback/internal/web"

// Alarm is what the pages for a person in trouble need.
type Alarm struct{}

// alarmRoutes lists the pages for a person in trouble.
func (p *Pages) alarmRoutes() []web.Route { return nil }
