// Package api speaks HTTP for package media: the upload of the device API and the
// operators' routes for pictures, storage and their audit.
//
// A handler binds, calls one method of the service and renders. The shapes on the
// wire are in wire.go and apart from the nouns; the whole is held to openapi.yaml by
// the tests.
package api

import (
	"time"

	"github.com/gin-gonic/gin"

	"home.arpa/nestbox/services/internal/platform/auth"
	"home.arpa/nestbox/services/internal/platform/httpx"
	"home.arpa/nestbox/services/media"
)

// Config is what the routes stand on. Service, Verifier and Operators are required.
type Config struct {
	Service   *media.Service
	Verifier  *auth.Verifier
	Operators auth.Operators
	// Pace is how fast a picture has to arrive. The zero value is DefaultPace.
	Pace Pace
}

const (
	// uploadWrite is until when the answer to an upload is written: the whole time for
	// the body, and some for the disk.
	uploadWrite = media.UploadLimit + 30*time.Second
	// contentWrite is how long a viewer may take to fetch a picture.
	contentWrite = 2 * time.Minute
	// maxJSON bounds the one JSON body here, in bytes.
	maxJSON = 4 << 10
)

// Mount adds the routes to r.
func Mount(r gin.IRouter, cfg Config) {
	h := handlers{service: cfg.Service, pace: cfg.Pace.orDefault()}
	r.POST("/api/images/upload", httpx.ForDevice, auth.RequireDevice(cfg.Verifier), httpx.WriteDeadline(uploadWrite), h.upload)

	operator := r.Group("/api", auth.RequireOperator(cfg.Operators))
	operator.GET("/pictures", h.listPictures)
	operator.GET("/pictures/:id", h.showPicture)
	operator.PATCH("/pictures/:id", h.pinPicture)
	operator.DELETE("/pictures/:id", h.deletePicture)
	operator.GET("/pictures/:id/image", httpx.WriteDeadline(contentWrite), h.fetchImage)
	operator.GET("/pictures/:id/thumbnail", httpx.WriteDeadline(contentWrite), h.fetchThumbnail)
	operator.GET("/storage", h.showStorage)
	operator.GET("/storage/deletions", h.listDeletions)
	operator.GET("/audit/pictures", h.listAudit)
}

type handlers struct {
	service *media.Service
	pace    Pace
}

// actor returns who is logged in.
func actor(c *gin.Context) media.Actor {
	p := auth.OperatorFrom(c)
	return media.Actor{Name: p.Name, CredentialID: p.CredentialID}
}
