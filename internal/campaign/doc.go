// Package campaign stops many accounts at once: all that one device, address,
// agent or network was seen in.
//
// It owns the tables campaign, campaign_wave, campaign_lead, campaign_account,
// campaign_shape and campaign_approval. An investigator drafts a campaign and sees how many
// accounts it would hold; a supervisor, another person, confirms it, and one row
// fences them all (account.Fence). Thinking comes after that: every account is
// looked at from what the cohort has in common. Where nothing is found it is let
// go at once; where something is, it gets a case of its own and a plan.
//
// Whoever comes to the cohort later, by a session from its device or an address,
// is heard in the history and held by one more row, a wave (waves.go). What only
// the intruder used in those accounts may lead to others: they are proposed, round
// by round, and held when a second person says so.
//
// Nobody reads ten thousand plans. They are grouped by shape: what is done to
// which kind of thing, without the values. Somebody who has looked at a sample
// approves a shape, for no more accounts than one person may answer for; one in
// a hundred goes first, and the rest only if that went without a conflict.
// The order is that of what can still be stopped. Whatever ends the program, the
// job goes on where it was.
//
// It finds nothing out and restores nothing: investigate, restore and freeze do,
// which app hands in. Each case is an ordinary one, also for those who look at it by itself.
package campaign
