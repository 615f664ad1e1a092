// Package hub is where the three services become one program. It is the only package that imports them all, and it decides
// nothing about cameras: it opens what they stand on, connects what one publishes to where the others read it, and mounts
// their routes on one engine. See README.md for a picture of the wiring.
package hub
