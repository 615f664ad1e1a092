package api

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"home.arpa/nestbox/services/media"
)

var update = flag.Bool("update", false, "write testdata/*.json anew")

// TestGolden keeps the wire forms: firmware and pages read these very names.
func TestGolden(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 1, 0, 0, 0, 250_000_000, time.UTC)
	p := media.Picture{
		ID: "019b76da-a800-7c31-b9a4-0d2a4c1e9b10", DeviceID: "24:6F:28:AA:BB:CC", EventID: "b7f3a1c09e2d4456-17",
		CapturedAt: at.Add(-1500 * time.Millisecond), ReceivedAt: at, Bytes: 40213, SHA256: [32]byte{0x5f, 0x8f, 31: 0xf1},
		Width: 800, Height: 600, Pinned: true, State: media.StateStored,
	}
	bare := p
	bare.EventID, bare.Pinned = "", false
	days := 610.5
	usage := media.Usage{Bytes: 402653184, PinnedBytes: 1048576, Pictures: 10000, OldestAt: at}
	gone := media.Deletion{
		PictureID: p.ID, DeviceID: p.DeviceID, CapturedAt: p.CapturedAt, Bytes: p.Bytes, Reason: media.ReasonQuota, DeletedAt: at,
	}
	byAda := gone
	byAda.Reason, byAda.DeletedBy = media.ReasonOperator, "ada"
	for name, v := range map[string]any{
		"upload":        wireUpload(p),
		"picture":       wirePicture(p),
		"picture_bare":  wirePicture(bare),
		"pictures_none": pictureList{Pictures: convert(nil, wirePicture)},
		"pictures":      pictureList{Pictures: []picture{wirePicture(p)}, NextCursor: next(at, p.ID)},
		"storage": wireStorage(media.Storage{
			Usage: usage, Limit: 8 << 30, Limited: true, MaxAge: 30 * 24 * time.Hour, BytesPerDay: 13421772, DaysUntilFull: &days,
		}),
		"storage_empty": wireStorage(media.Storage{Limit: 8 << 30, Limited: true}),
		"deletions":     deletionList{Deletions: convert([]media.Deletion{gone, byAda}, wireDeletion)},
		"audit": auditList{Entries: []auditEntry{wireAudit(media.AuditEntry{
			ID: p.ID, At: at, By: media.Actor{Name: "ada", CredentialID: "c1"}, Action: media.ActionPin, Subject: p.ID,
			Detail: map[string]string{"device_id": p.DeviceID},
		})}},
		"picture_deleted": pictureDeleted{PictureID: p.ID, DeviceID: p.DeviceID, EventID: &p.EventID},
	} {
		got, err := json.MarshalIndent(v, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, '\n')
		path := filepath.Join("testdata", name+".json")
		if *update {
			if err := os.WriteFile(path, got, 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is\n%s, want\n%s", name, got, want)
		}
	}
}
