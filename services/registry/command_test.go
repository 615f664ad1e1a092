package registry

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"home.arpa/nestbox/services/internal/platform/fault"
)

func TestParseParameters(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind Kind
		in   string
		want string // empty: fault.Invalid
	}{
		{KindReboot, ``, `{}`}, {KindReboot, `null`, `{}`}, {KindReboot, ` {} `, `{}`}, {KindReboot, `{"a":1}`, ``}, {KindReboot, `[]`, ``},
		{KindCapture, `{}`, `{}`}, {KindIdentify, `{}`, `{}`}, {KindIdentify, `7`, ``}, {KindIdentify, `{}{}`, ``}, {KindIdentify, `{`, ``},
		{KindSetConfig, ``, ``}, {KindSetConfig, `{}`, ``}, {KindSetConfig, `{"frame_size":null}`, ``},
		{KindSetConfig, `{ "jpeg_quality": 10, "frame_size": "svga" }`, `{"frame_size":"svga","jpeg_quality":10}`},
		{KindSetConfig, `{"motion_threshold":0}`, `{"motion_threshold":0}`}, {KindSetConfig, `{"motion_threshold":12.5}`, `{"motion_threshold":12.5}`},
		{KindSetConfig, `{"motion_threshold":-0.1}`, ``}, {KindSetConfig, `{"motion_threshold":1e300}`, ``}, {KindSetConfig, `{"motion_threshold":NaN}`, ``},
		{KindSetConfig, `{"heartbeat_interval_seconds":10}`, `{"heartbeat_interval_seconds":10}`}, {KindSetConfig, `{"heartbeat_interval_seconds":9}`, ``},
		{KindSetConfig, `{"heartbeat_interval_seconds":3601}`, ``}, {KindSetConfig, `{"heartbeat_interval_seconds":30.5}`, ``},
		{KindSetConfig, `{"jpeg_quality":64}`, ``}, {KindSetConfig, `{"frame_size":"SVGA"}`, ``}, {KindSetConfig, `{"frame_size":7}`, ``},
		{KindSetConfig, `{"wifi_password":"x"}`, ``}, {KindSetConfig, `{"frame_size":"` + strings.Repeat("x", 2000) + `"}`, ``},
		{KindSetPrivacy, `{"locked":true,"generation":2}`, `{"locked":true,"generation":2}`}, {KindSetPrivacy, `{"locked":true}`, ``},
		{"explode", `{}`, ``}, {"", `{}`, ``},
	} {
		got, err := ParseParameters(c.kind, json.RawMessage(c.in))
		if string(got) != c.want || (c.want == "") != (fault.KindOf(err) == fault.Invalid && err != nil) {
			t.Errorf("%s %.60s: %s, %v, want %s", c.kind, c.in, got, err, c.want)
		}
	}
}

func FuzzParseParameters(f *testing.F) {
	for _, k := range []Kind{KindCapture, KindSetConfig, KindSetPrivacy, KindIdentify, KindReboot, "x"} {
		for _, p := range []string{``, `{}`, `null`, `{"frame_size":"svga","motion_threshold":1e2}`, `{"locked":true,"generation":1}`, `[{}]`, "\xff"} {
			f.Add(string(k), []byte(p))
		}
	}
	f.Fuzz(func(t *testing.T, kind string, raw []byte) {
		got, err := ParseParameters(Kind(kind), raw)
		if err != nil {
			if got != nil || fault.KindOf(err) != fault.Invalid {
				t.Errorf("%s %q: %s with %v", kind, raw, got, err)
			}
			return
		}
		var object map[string]any
		if err := json.Unmarshal(got, &object); err != nil {
			t.Errorf("%s %q gave %s: %v", kind, raw, got, err)
		}
		// What was accepted is in its final form.
		if again, err := ParseParameters(Kind(kind), got); err != nil || string(again) != string(got) {
			t.Errorf("%s %q gave %s, which gives %s (%v)", kind, raw, got, again, err)
		}
	})
}

func TestCommandAt(t *testing.T) {
	t.Parallel()
	c := newCommand("x", KindReboot, []byte("{}"), time.Minute, "admin", noon)
	if got := c.At(c.ExpiresAt.Add(-time.Millisecond)); got.State != StateQueued {
		t.Errorf("before its deadline it is %s", got.State)
	}
	if got := c.At(c.ExpiresAt); got.State != StateExpired || !got.FinishedAt.Equal(c.ExpiresAt) {
		t.Errorf("at its deadline it is %+v", got)
	}
	done := c.finished(StateSucceeded, "", noon)
	if got := done.At(c.ExpiresAt.Add(time.Hour)); got.State != StateSucceeded {
		t.Errorf("a finished one became %s", got.State)
	}
}

func TestDelivery(t *testing.T) {
	t.Parallel()
	var st Standing
	for range maxDelivery + 3 {
		st.Commands = append(st.Commands, newCommand("x", KindReboot, []byte("{}"), time.Minute, "admin", noon))
	}
	first := st.deliver(noon)
	if len(first.Commands) != maxDelivery || first.Commands[0].ID != st.Commands[0].ID {
		t.Errorf("handed %d, the oldest first: %v", len(first.Commands), first.Commands[0].ID == st.Commands[0].ID)
	}
	st = after(st, first)
	if rest := st.deliver(noon.Add(time.Second)); len(rest.Commands) != 3 {
		t.Errorf("then %d, want the other 3", len(rest.Commands))
	}
	again := st.deliver(noon.Add(redeliverAfter))
	for _, c := range again.Commands {
		if c.State != StateDelivered || !c.HandedAt.Equal(noon.Add(redeliverAfter)) {
			t.Errorf("handed again as %+v", c)
		}
	}
}

func TestOrders(t *testing.T) {
	t.Parallel()
	device := Device{ID: "x", Status: StatusApproved}
	locked, revoked, deleted := device, device, device
	locked.Privacy = Privacy{Locked: true, Generation: 1}
	revoked.Status, deleted.Status = StatusRevoked, StatusDeleted
	full := Standing{Device: &device}
	for range maxOpen {
		full.Commands = append(full.Commands, Command{State: StateQueued})
	}
	for _, c := range []struct {
		name string
		st   Standing
		kind Kind
		want fault.Kind
	}{
		{"unknown", Standing{}, KindReboot, fault.NotFound},
		{"waiting", Standing{Requests: []Request{{}}}, KindReboot, fault.NotFound},
		{"deleted", Standing{Device: &deleted}, KindReboot, fault.NotFound},
		{"revoked", Standing{Device: &revoked}, KindReboot, fault.Conflict},
		{"locked, a picture", Standing{Device: &locked}, KindCapture, fault.Conflict},
		{"locked, something else", Standing{Device: &locked}, KindReboot, 0},
		{"too many", full, KindReboot, fault.Conflict},
		{"fine", Standing{Device: &device}, KindCapture, 0},
	} {
		_, err := c.st.create(Command{Kind: c.kind})
		if fault.KindOf(err) != c.want || (err != nil) != (c.want != 0) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestASetIntervalIsTheDevices(t *testing.T) {
	t.Parallel()
	st := Standing{Device: &Device{ID: "x", Status: StatusApproved}}
	order := func(parameters string) Command {
		return newCommand("x", KindSetConfig, []byte(parameters), time.Minute, "admin", noon)
	}
	for name, c := range map[string]struct {
		order Command
		state State
		want  time.Duration // 0: the device is left alone
	}{
		"it succeeded":           {order(`{"heartbeat_interval_seconds":10}`), StateSucceeded, 10 * time.Second},
		"it failed":              {order(`{"heartbeat_interval_seconds":10}`), StateFailed, 0},
		"it was of other things": {order(`{"jpeg_quality":12}`), StateSucceeded, 0},
	} {
		ch := st.finish(c.order, Result{State: c.state}, noon)
		if len(ch.Commands) != 1 || ch.Commands[0].State != c.state {
			t.Errorf("%s: the command is %+v", name, ch.Commands)
		}
		switch {
		case c.want == 0 && (ch.Device != nil || len(ch.Audit) != 0):
			t.Errorf("%s: changed %+v, %+v", name, ch.Device, ch.Audit)
		case c.want != 0 && (ch.Device == nil || ch.Device.HeartbeatInterval != c.want):
			t.Errorf("%s: the device is %+v", name, ch.Device)
		case c.want != 0 && (len(ch.Audit) != 1 || ch.Audit[0].Action != ActionDeviceUpdate || ch.Audit[0].Actor != "admin"):
			t.Errorf("%s: the audit has %+v", name, ch.Audit)
		}
	}
}
