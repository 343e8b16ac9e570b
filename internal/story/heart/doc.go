// Package heart plays the middle of the story on the rooms themselves: an
// account is taken over and stopped, what the intruder did is marked, planned,
// approved, put back and handed back, with crashes at every boundary. Tests only.
package heart
