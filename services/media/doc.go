// Package media keeps the pictures of the cameras: it takes them in whole, finds
// them again, and lets the oldest go when room or time is up.
//
// It owns the nouns (picture, deletion, audit entry), the rules (who may upload,
// what is a picture, what retention removes, how a crash is repaired) and the
// contracts of what it stands on: Store for the index, Blobs for the bytes, States
// for what the registry says of a device, Publisher for the live stream. It
// refuses to know HTTP, SQL, Redis and S3; those are the folders beside it.
//
// # The order of writes
//
// The index and the folder cannot be changed in one transaction, so the order
// decides what a crash can leave behind:
//
//	upload:  bytes to staging, checked whole → row "writing" → bytes durable under
//	         their id → row "stored" → 200
//	delete:  row "deleting" and ledger entry, one transaction → bytes removed,
//	         durably → row erased
//
// No bytes exist under an id without a row, at any instant. Reconcile finishes
// what a crash interrupted: a "writing" row whose bytes are whole becomes stored,
// otherwise both go; a "deleting" row is deleted to the end.
package media
