package registry

import "time"

// Entry records one action that changed something: who did what to which thing
// and when. It is written in the transaction of the change, so neither exists
// without the other, and it is never altered.
type Entry struct {
	ID string // UUIDv7: entries sort by time
	At time.Time
	// Actor is the name of an operator or of an API token, ActorDevice for a
	// camera's own deed, or ActorNestbox for the program itself.
	Actor string
	// CredentialID names the session or API token that was used; empty when none.
	CredentialID string
	Action       string
	// Subject is the id of the thing: a device, command, credential or operator.
	Subject string
	// Detail holds the new values, never a secret. Nil when there are none.
	Detail map[string]any
}

// Actions that are recorded.
const (
	ActionDeviceAdmit        = "device.admit"
	ActionDeviceApprove      = "device.approve"
	ActionDeviceRevoke       = "device.revoke"
	ActionDeviceUpdate       = "device.update"
	ActionDeviceDelete       = "device.delete"
	ActionPrivacySet         = "privacy.set"
	ActionPrivacySwitch      = "privacy.switch"
	ActionPrivacyAcknowledge = "privacy.acknowledge"
	ActionCommandCreate      = "command.create"
	ActionCommandCancel      = "command.cancel"
	ActionOperatorCreate     = "operator.create"
	ActionPasswordChange     = "password.change"
	ActionPasswordReset      = "password.reset"
	ActionSessionCreate      = "session.create"
	ActionSessionEnd         = "session.end"
	ActionTokenCreate        = "token.create"
	ActionTokenDelete        = "token.delete"
)

// Actors that are no people. No operator and no API token bears such a name.
const (
	ActorDevice  = "device"
	ActorNestbox = "nestbox"
)

// Page asks for one page of a list, newest first.
type Page struct {
	// Before is the id that ended the page before; empty for the newest.
	Before string
	// Limit is 1 to 500.
	Limit int
}
