// Package broken builds services that are wrong on purpose, so that the chaos suite can show that its ledger fails when it must.
//
// The product has no switch for any of this. A Defect is an exact edit of one source file that a real mistake would resemble, and
// Build has Go compile the program with the edited copy in the file's place. When the product's code moves, the edit no longer
// matches, Build says so, and the edit must follow. The package knows where the services' code is and imports none of it.
//
// None of the counts below outlives the process: a service that is killed begins to count again.
package broken

// Defect is one way to be wrong.
type Defect struct {
	Name    string // as in build/broken/<name>, and in the program's version
	Service string // whose program it is: registry, telemetry, media, or nestbox for the hub
	Does    string // a sentence

	file     string // that is edited: from the repository's root, or from Go's behind goroot
	old, new string // old must be in file exactly once
}

// Defects are all but ClockAhead.
var Defects = []Defect{EventDropped, EventDoubled, PictureTruncated, PictureMisfiled}

// EventDropped counts on the events that telemetry believes to be stored, so it loses the 5th, the 10th and so on. The live
// stream and the metrics show the lost event like any other. An event that the camera sends again, since it did not hear the 200,
// is stored then.
var EventDropped = Defect{
	Name: "event-dropped", Service: "telemetry",
	Does: "Answers every motion event with 200 and does not store each fifth.",
	file: "services/telemetry/service.go",
	old: `	result, err := s.events.RecordMotion(ctx, &e)
	if err != nil {
`,
	new: `	result := MotionResult{Fate: Stored, OccurredAt: e.OccurredAt}
	if s.counts.MotionStored.Load()%5 != 4 {
		result, err = s.events.RecordMotion(ctx, &e)
	}
	if err != nil {
`,
}

// EventDoubled is a second write that forgot the camera's id for the event: the copy has a UUID of the hub as event_id, as an
// event of a camera that makes no ids would. All else is the same, also boot_id, monotonic_ms and the times. Who looks up the ids
// that a camera gave finds each of them once: only the number of events or their instants tell.
var EventDoubled = Defect{
	Name: "event-doubled", Service: "telemetry",
	Does: "Stores each fifth motion event a second time, under another event_id.",
	file: "services/telemetry/postgres/event.go",
	old: `	return result, nil
}

// Events implements telemetry.EventStore.
`,
	new: `	if result.Fate == telemetry.Stored && written.MotionStored.Add(1)%5 == 0 {
		args[0], args[2] = telemetry.NewID(), telemetry.NewID()
		err = s.db.Do(ctx, func(ctx context.Context, q pg.Querier) error {
			_, err := q.Exec(ctx, insertEvent, args...)
			return err
		})
	}
	return result, err
}

var written telemetry.Counts

// Events implements telemetry.EventStore.
`,
}

// PictureTruncated cuts the file after the whole of it was checked and before it has its name: the answer and the row have the
// size and the digest of what was uploaded. What is served later is consistent in itself (200, Content-Length of the short file),
// has the ETag of the whole one, and ends without the JPEG's end marker; its thumbnail is a 422. Thumbnails go through the same code.
// A picture that is uploaded again is mended by that, and the reconciler reports the others in the log, both as they should.
var PictureTruncated = Defect{
	Name: "picture-truncated", Service: "media",
	Does: "Answers a picture with 200 and its right digest and keeps about each third without its last 100 bytes.",
	file: "services/media/blob/folder/staged.go",
	old: `	if err := s.file.Sync(); err != nil {
		return err
	}
`,
	new: `	if created, ok := s.file.(*os.File); ok && s.folder.staged.Load()%3 == 0 {
		info, err := created.Stat()
		if err != nil {
			return err
		}
		if err := created.Truncate(max(0, info.Size()-100)); err != nil {
			return err
		}
	}
	if err := s.file.Sync(); err != nil {
		return err
	}
`,
}

// PictureMisfiled resembles memory that two requests share. The event that the picture is filed under exists and may be of another
// camera; each picture is whole, and there are as many as were sent. Pictures that name no event are left alone.
var PictureMisfiled = Defect{
	Name: "picture-misfiled", Service: "media",
	Does: "Files each second picture of an event under the event of the picture before it.",
	file: "services/media/upload.go",
	old: `	return Picture{
		ID: newID(), DeviceID: u.Token.DeviceID, EventID: u.EventID, State: StateWriting,
		Bytes: total, SHA256: sha256, Width: info.Width, Height: info.Height,
	}, nil
}
`,
	new: `	if u.EventID != "" {
		select {
		case u.EventID = <-before:
		case before <- u.EventID:
		}
	}
	return Picture{
		ID: newID(), DeviceID: u.Token.DeviceID, EventID: u.EventID, State: StateWriting,
		Bytes: total, SHA256: sha256, Width: info.Width, Height: info.Height,
	}, nil
}

var before = make(chan string, 1)
`,
}

// ClockAhead is a service whose wall clock is an hour ahead from its start: a fault and no mistake, so the ledger must hold. All of
// the program believes it, also its dependencies. Durations, timers and deadlines are measured by the monotonic clock and are right.
func ClockAhead(service string) Defect {
	return Defect{
		Name: "clock-ahead", Service: service,
		Does: "Reads a wall clock that is one hour ahead.",
		file: goroot + "src/time/time.go",
		old: `	sec, nsec, mono := runtimeNow()
`,
		new: `	sec, nsec, mono := runtimeNow()
	sec += 60 * 60
`,
	}
}
