// Package bench measures what the hub adds to a request. Each path — heartbeat, motion, picture — is served over real
// HTTP on loopback beside a bare Gin handler that binds and answers the same JSON, by turns in one process, and reported
// as the ratio of the two rates. A ratio survives a slow or busy machine; a rate does not.
//
//	make bench
//	go test ./services/hub/bench -run '^$' -bench Embedded -benchtime 1x -v -args -clients 8 -rounds 61
//
// The clients share the processors with the server, so they are made as light as a client can be: requests are rendered
// beforehand, answers are read by length and not parsed. There is no code here but tests.
package bench
