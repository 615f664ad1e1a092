package registry

import (
	"fmt"
	"strings"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
)

var (
	errNoDevice    = fault.New(fault.NotFound, "There is no device with this id.")
	errNoRequest   = fault.New(fault.Conflict, "That request waits no more. Look at the device again.")
	errNotAdmitted = fault.New(fault.NotFound, "No device was admitted under this id yet; one waits for approval. Approve it first.")
	errNotApproved = fault.New(fault.Conflict, "This device is revoked. Approve it first.")
)

// errAmbiguous names the choice: two devices with one MAC address ask, or one
// that was erased and asks with a new secret.
func errAmbiguous(requests []Request) error {
	choice := make([]string, 0, len(requests))
	for _, q := range requests {
		choice = append(choice, fmt.Sprintf("%s (from %s, since %s)", q.ID, q.IPAddress, q.RequestedAt.Format(time.RFC3339)))
	}
	return fault.New(fault.Conflict,
		"Several requests with different secrets wait for this device_id. Name one by request_id: %s.", strings.Join(choice, ", "))
}

// live returns the device when there is one that an operator can act on.
func (st Standing) live() (Device, error) {
	if st.Device != nil && st.Device.Status != StatusDeleted {
		return *st.Device, nil
	}
	if len(st.Requests) > 0 {
		return Device{}, errNotAdmitted
	}
	return Device{}, errNoDevice
}

// approve lets the waiting request in: as a new device, or as the new
// credential of a known one, whose name, settings and history stay. With no
// request waiting, a revoked device is let in again with the credential it had.
// An approved device with none waiting stays as it is.
func (st Standing) approve(requestID string, now time.Time) (Change, error) {
	q, err := st.requestToApprove(requestID)
	if err != nil {
		return Change{}, err
	}
	if q == nil {
		d, err := st.live()
		if err != nil || d.Status == StatusApproved {
			return Change{}, err
		}
		// The epoch grew when it was revoked: tokens from before stay dead.
		d.Status = StatusApproved
		return approval(d, nil, now), nil
	}
	d, err := st.live()
	if err != nil {
		d = newDevice(st, q.DeviceID, q.SecretHash, now)
		d.CreatedAt = q.RequestedAt
	} else {
		d.Epoch++
	}
	d.Status, d.SecretHash, d.EnrolledAt = StatusApproved, q.SecretHash, now
	d.Type, d.FirmwareVersion, d.IPAddress, d.Capabilities = q.Type, q.FirmwareVersion, q.ReportedIPAddress, q.Capabilities
	return approval(d, q, now), nil
}

// requestToApprove returns the request that is meant: by id, or the only one.
func (st Standing) requestToApprove(id string) (*Request, error) {
	if id == "" {
		switch len(st.Requests) {
		case 0:
			return nil, nil
		case 1:
			return &st.Requests[0], nil
		}
		return nil, errAmbiguous(st.Requests)
	}
	for i := range st.Requests {
		if st.Requests[i].ID == id {
			return &st.Requests[i], nil
		}
	}
	if _, err := st.live(); err != nil && len(st.Requests) == 0 {
		return nil, err
	}
	return nil, errNoRequest
}

func approval(d Device, q *Request, now time.Time) Change {
	ch := Change{Device: &d}
	detail := map[string]any{"epoch": d.Epoch}
	if q != nil {
		ch.DropRequests = []string{q.ID}
		detail["request_id"], detail["ip_address"] = q.ID, q.IPAddress
	}
	ch.Audit = []Entry{{Action: ActionDeviceApprove, Subject: d.ID, At: now, Detail: detail}}
	return ch
}

// revoke ends the device's credential and every token of it, and cancels what it
// was told to do. A revoked device stays as it is.
func (st Standing) revoke(now time.Time) (Change, error) {
	d, err := st.live()
	if err != nil || d.Status == StatusRevoked {
		return Change{}, err
	}
	d.Status = StatusRevoked
	d.Epoch++
	return Change{
		Device:   &d,
		Commands: cancelAll(st.Commands, "the device was revoked", now),
		Audit:    []Entry{{Action: ActionDeviceRevoke, Subject: d.ID, At: now, Detail: map[string]any{"epoch": d.Epoch}}},
	}, nil
}

// remove deletes the device and refuses what waits under its id. Of the device
// stays a row that keeps the epoch and the time: see Device.DeletedAt.
func (st Standing) remove(id string, now time.Time) (Change, error) {
	ch := Change{Commands: cancelAll(st.Commands, "the device was deleted", now)}
	for _, q := range st.Requests {
		ch.DropRequests = append(ch.DropRequests, q.ID)
	}
	d, err := st.live()
	switch {
	case err == nil:
		ch.Device = &Device{ID: d.ID, Status: StatusDeleted, Epoch: d.Epoch, CreatedAt: d.CreatedAt, DeletedAt: now}
	case len(ch.DropRequests) == 0:
		return Change{}, err
	}
	ch.Audit = []Entry{{Action: ActionDeviceDelete, Subject: id, At: now}}
	return ch, nil
}

// pending returns the device that a request would become, for showing.
func (q Request) pending() Device {
	return Device{
		ID: q.DeviceID, Type: q.Type, FirmwareVersion: q.FirmwareVersion,
		IPAddress: q.ReportedIPAddress, Capabilities: q.Capabilities, Status: StatusPending, CreatedAt: q.RequestedAt,
	}
}
