// Package e2e tests the program nestbox as those who use it meet it: a child process, its sockets, its files and what it
// prints. It imports nothing of the hub but the names in the data folder and an HTTP client for tests, so it goes on testing
// the promise when the wiring changes. There is no code here but tests.
package e2e
