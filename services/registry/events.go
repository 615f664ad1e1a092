package registry

// Kinds of live events, and what each carries. The data names the thing and the
// news; who wants all of it fetches it.
const (
	EventDeviceUpdated  = "device.updated"
	EventPrivacyChanged = "privacy.changed"
	EventCommandUpdated = "command.updated"
)

// DeviceEvent is the data of EventDeviceUpdated.
type DeviceEvent struct {
	DeviceID string `json:"device_id"`
	Name     string `json:"name"`
	Status   Status `json:"status"`
	// Waiting is true when a request for this id waits for approval.
	Waiting bool `json:"waiting"`
}

// PrivacyEvent is the data of EventPrivacyChanged: the wish changed or the
// camera acknowledged it.
type PrivacyEvent struct {
	DeviceID               string `json:"device_id"`
	Locked                 bool   `json:"locked"`
	Generation             int64  `json:"generation"`
	AcknowledgedGeneration int64  `json:"acknowledged_generation"`
	ChangedBy              string `json:"changed_by"`
}

// CommandEvent is the data of EventCommandUpdated.
type CommandEvent struct {
	CommandID string `json:"command_id"`
	DeviceID  string `json:"device_id"`
	Kind      Kind   `json:"kind"`
	State     State  `json:"state"`
	Detail    string `json:"detail"`
}

// event is one call of Events.Publish.
type event struct {
	kind string
	data any
}

// news returns the events of a change of the device id to what stood before.
func (c Change) news(id string, before Standing) []event {
	var all []event
	if c.Device != nil || c.Request != nil || len(c.DropRequests) > 0 {
		all = append(all, c.deviceNews(id, before))
	}
	var was Privacy
	if before.Device != nil {
		was = before.Device.Privacy
	}
	if c.Device != nil && c.Device.Privacy != was && c.Device.Status != StatusDeleted {
		p := c.Device.Privacy
		all = append(all, event{EventPrivacyChanged, PrivacyEvent{
			DeviceID: id, Locked: p.Locked, Generation: p.Generation,
			AcknowledgedGeneration: p.AcknowledgedGeneration, ChangedBy: p.ChangedBy,
		}})
	}
	for _, cmd := range c.Commands {
		all = append(all, commandNews(cmd))
	}
	return all
}

func (c Change) deviceNews(id string, before Standing) event {
	e := DeviceEvent{DeviceID: id, Status: StatusDeleted, Waiting: c.Request != nil || len(before.Requests) > len(c.DropRequests)}
	d := before.Device
	if c.Device != nil {
		d = c.Device
	}
	switch {
	case d != nil && d.Status != StatusDeleted:
		e.Name, e.Status = d.Name, d.Status
	case e.Waiting:
		e.Status = StatusPending
	}
	return event{EventDeviceUpdated, e}
}

func commandNews(c Command) event {
	return event{EventCommandUpdated, CommandEvent{CommandID: c.ID, DeviceID: c.DeviceID, Kind: c.Kind, State: c.State, Detail: c.Detail}}
}
