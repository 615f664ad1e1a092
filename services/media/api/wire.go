package api

import (
	"encoding/hex"
	"time"

	"home.arpa/nestbox/services/media"
)

// uploadAnswer is what a device gets for a picture.
type uploadAnswer struct {
	Status    string `json:"status"`
	PictureID string `json:"picture_id"`
	Bytes     int64  `json:"bytes"`
	SHA256    string `json:"sha256"`
}

func wireUpload(p media.Picture) uploadAnswer {
	return uploadAnswer{Status: "stored", PictureID: p.ID, Bytes: p.Bytes, SHA256: hex.EncodeToString(p.SHA256[:])}
}

type picture struct {
	PictureID    string    `json:"picture_id"`
	DeviceID     string    `json:"device_id"`
	EventID      *string   `json:"event_id"`
	CapturedAt   time.Time `json:"captured_at"`
	ReceivedAt   time.Time `json:"received_at"`
	Bytes        int64     `json:"bytes"`
	SHA256       string    `json:"sha256"`
	Width        int       `json:"width"`
	Height       int       `json:"height"`
	Pinned       bool      `json:"pinned"`
	ImageURL     string    `json:"image_url"`
	ThumbnailURL string    `json:"thumbnail_url"`
}

func wirePicture(p media.Picture) picture {
	return picture{
		PictureID: p.ID, DeviceID: p.DeviceID, EventID: orNull(p.EventID),
		CapturedAt: p.CapturedAt, ReceivedAt: p.ReceivedAt,
		Bytes: p.Bytes, SHA256: hex.EncodeToString(p.SHA256[:]), Width: p.Width, Height: p.Height, Pinned: p.Pinned,
		ImageURL: "/api/pictures/" + p.ID + "/image", ThumbnailURL: "/api/pictures/" + p.ID + "/thumbnail",
	}
}

type pictureList struct {
	Pictures   []picture `json:"pictures"`
	NextCursor *string   `json:"next_cursor"`
}

// pictureChange is the body of PATCH.
type pictureChange struct {
	Pinned *bool `json:"pinned"`
}

type storage struct {
	UsedBytes     int64      `json:"used_bytes"`
	QuotaBytes    int64      `json:"quota_bytes"`
	Pictures      int64      `json:"pictures"`
	PinnedBytes   int64      `json:"pinned_bytes"`
	MaxAgeDays    int64      `json:"max_age_days"`
	BytesPerDay   float64    `json:"bytes_per_day"`
	DaysUntilFull *float64   `json:"days_until_full"`
	OldestAt      *time.Time `json:"oldest_at"`
}

func wireStorage(s media.Storage) storage {
	w := storage{
		UsedBytes: s.Bytes, QuotaBytes: s.Limit, Pictures: s.Pictures, PinnedBytes: s.PinnedBytes,
		MaxAgeDays: int64(s.MaxAge / (24 * time.Hour)), BytesPerDay: s.BytesPerDay, DaysUntilFull: s.DaysUntilFull,
	}
	if !s.OldestAt.IsZero() {
		w.OldestAt = &s.OldestAt
	}
	return w
}

type deletion struct {
	PictureID  string       `json:"picture_id"`
	DeviceID   string       `json:"device_id"`
	CapturedAt time.Time    `json:"captured_at"`
	Bytes      int64        `json:"bytes"`
	Reason     media.Reason `json:"reason"`
	DeletedAt  time.Time    `json:"deleted_at"`
	DeletedBy  *string      `json:"deleted_by"`
}

func wireDeletion(d media.Deletion) deletion {
	return deletion{
		PictureID: d.PictureID, DeviceID: d.DeviceID, CapturedAt: d.CapturedAt, Bytes: d.Bytes,
		Reason: d.Reason, DeletedAt: d.DeletedAt, DeletedBy: orNull(d.DeletedBy),
	}
}

type deletionList struct {
	Deletions  []deletion `json:"deletions"`
	NextCursor *string    `json:"next_cursor"`
}

type auditEntry struct {
	EntryID string            `json:"entry_id"`
	At      time.Time         `json:"at"`
	Actor   string            `json:"actor"`
	Action  string            `json:"action"`
	Subject string            `json:"subject"`
	Detail  map[string]string `json:"detail"`
}

func wireAudit(e media.AuditEntry) auditEntry {
	return auditEntry{EntryID: e.ID, At: e.At, Actor: e.By.Name, Action: e.Action, Subject: e.Subject, Detail: e.Detail}
}

type auditList struct {
	Entries    []auditEntry `json:"entries"`
	NextCursor *string      `json:"next_cursor"`
}

// orNull writes an empty string as null.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
