package api

import (
	"encoding/json"
	"time"

	"home.arpa/nestbox/services/registry"
)

// moment is a time on the wire: RFC 3339 in UTC with milliseconds always, where
// time.Time leaves zeros out.
type moment time.Time

// MarshalJSON implements json.Marshaler.
func (m moment) MarshalJSON() ([]byte, error) {
	return time.Time(m).UTC().AppendFormat(nil, `"2006-01-02T15:04:05.000Z"`), nil
}

// orNull is nil for the zero time.
func orNull(t time.Time) *moment {
	if t.IsZero() {
		return nil
	}
	return (*moment)(&t)
}

func orNullText(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

type deviceBody struct {
	DeviceID                 string           `json:"device_id"`
	Name                     string           `json:"name"`
	DeviceType               string           `json:"device_type"`
	FirmwareVersion          string           `json:"firmware_version"`
	IPAddress                string           `json:"ip_address"`
	Capabilities             []string         `json:"capabilities"`
	Status                   registry.Status  `json:"status"`
	Reenrolment              *requestBody     `json:"reenrolment"`
	HeartbeatIntervalSeconds *int             `json:"heartbeat_interval_seconds"`
	Privacy                  operatorsPrivacy `json:"privacy"`
	EnrolledAt               *moment          `json:"enrolled_at"`
	LastRegisteredAt         *moment          `json:"last_registered_at"`
	CreatedAt                moment           `json:"created_at"`
}

type requestBody struct {
	RequestID   string `json:"request_id"`
	RequestedAt moment `json:"requested_at"`
	IPAddress   string `json:"ip_address"`
}

// privacyBody is what a device is told; operatorsPrivacy has the rest too.
type privacyBody struct {
	Locked     bool  `json:"locked"`
	Generation int64 `json:"generation"`
}

type operatorsPrivacy struct {
	privacyBody
	AcknowledgedGeneration int64   `json:"acknowledged_generation"`
	ChangedAt              *moment `json:"changed_at"`
	ChangedBy              *string `json:"changed_by"`
	AcknowledgedAt         *moment `json:"acknowledged_at"`
}

func deviceOf(l registry.Listing) deviceBody {
	d := l.Device
	b := deviceBody{
		DeviceID: d.ID, Name: d.Name, DeviceType: d.Type, FirmwareVersion: d.FirmwareVersion, IPAddress: d.IPAddress,
		Capabilities: d.Capabilities, Status: d.Status, Reenrolment: requestOf(l.Requests),
		Privacy: operatorsPrivacy{
			privacyBody:            privacyOf(d.Privacy),
			AcknowledgedGeneration: d.Privacy.AcknowledgedGeneration,
			ChangedAt:              orNull(d.Privacy.ChangedAt), ChangedBy: orNullText(d.Privacy.ChangedBy),
			AcknowledgedAt: orNull(d.Privacy.AcknowledgedAt),
		},
		EnrolledAt: orNull(d.EnrolledAt), LastRegisteredAt: orNull(d.LastRegisteredAt), CreatedAt: moment(d.CreatedAt),
	}
	if b.Capabilities == nil {
		b.Capabilities = []string{}
	}
	if d.HeartbeatInterval != 0 {
		seconds := int(d.HeartbeatInterval / time.Second)
		b.HeartbeatIntervalSeconds = &seconds
	}
	return b
}

// requestOf shows the request whose device asked last: of several, the others
// may be of devices that are gone. Approving without naming one is refused then.
func requestOf(waiting []registry.Request) *requestBody {
	var shown *registry.Request
	for i := range waiting {
		if shown == nil || waiting[i].LastAskedAt.After(shown.LastAskedAt) {
			shown = &waiting[i]
		}
	}
	if shown == nil {
		return nil
	}
	return &requestBody{RequestID: shown.ID, RequestedAt: moment(shown.RequestedAt), IPAddress: shown.IPAddress}
}

func privacyOf(p registry.Privacy) privacyBody {
	return privacyBody{Locked: p.Locked, Generation: p.Generation}
}

// deviceCommand is a command as its device gets it.
type deviceCommand struct {
	CommandID  string          `json:"command_id"`
	Kind       registry.Kind   `json:"kind"`
	Parameters json.RawMessage `json:"parameters"`
	CreatedAt  moment          `json:"created_at"`
	ExpiresAt  moment          `json:"expires_at"`
}

type commandBody struct {
	CommandID   string          `json:"command_id"`
	DeviceID    string          `json:"device_id"`
	Kind        registry.Kind   `json:"kind"`
	Parameters  json.RawMessage `json:"parameters"`
	State       registry.State  `json:"state"`
	Detail      string          `json:"detail"`
	CreatedAt   moment          `json:"created_at"`
	CreatedBy   string          `json:"created_by"`
	DeliveredAt *moment         `json:"delivered_at"`
	FinishedAt  *moment         `json:"finished_at"`
	ExpiresAt   moment          `json:"expires_at"`
}

func commandOf(c registry.Command) commandBody {
	return commandBody{
		CommandID: c.ID, DeviceID: c.DeviceID, Kind: c.Kind, Parameters: c.Parameters, State: c.State, Detail: c.Detail,
		CreatedAt: moment(c.CreatedAt), CreatedBy: c.CreatedBy,
		DeliveredAt: orNull(c.DeliveredAt), FinishedAt: orNull(c.FinishedAt), ExpiresAt: moment(c.ExpiresAt),
	}
}

type entryBody struct {
	EntryID string         `json:"entry_id"`
	At      moment         `json:"at"`
	Actor   string         `json:"actor"`
	Action  string         `json:"action"`
	Subject string         `json:"subject"`
	Detail  map[string]any `json:"detail"`
}

func entryOf(e registry.Entry) entryBody {
	return entryBody{EntryID: e.ID, At: moment(e.At), Actor: e.Actor, Action: e.Action, Subject: e.Subject, Detail: e.Detail}
}

type tokenBody struct {
	TokenID    string  `json:"token_id"`
	Name       string  `json:"name"`
	CreatedAt  moment  `json:"created_at"`
	ExpiresAt  *moment `json:"expires_at"`
	LastUsedAt *moment `json:"last_used_at"`
}

func tokenOf(c registry.Credential) tokenBody {
	return tokenBody{
		TokenID: c.ID, Name: c.Name, CreatedAt: moment(c.CreatedAt),
		ExpiresAt: orNull(c.ExpiresAt), LastUsedAt: orNull(c.LastUsedAt),
	}
}

// list renders each of a slice, never null.
func list[T, B any](all []T, body func(T) B) []B {
	bodies := make([]B, 0, len(all))
	for _, one := range all {
		bodies = append(bodies, body(one))
	}
	return bodies
}
