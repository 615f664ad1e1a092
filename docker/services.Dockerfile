# The Go programs, each alone in an image: docker build -f docker/services.Dockerfile --build-arg SERVICE=registry .
# SERVICE is registry, telemetry, media, or nestbox: the whole hub in one, with its data in /data.
FROM golang:1.26-bookworm AS build
WORKDIR /src
# What takes long to compile, before our own files are there: this layer is made again only when a version changes.
COPY go.work go.work.sum ./
COPY integration/go.mod integration/go.sum integration/
COPY firmware/scenes/go.mod firmware/scenes/go.sum firmware/scenes/
COPY services/internal/platform/go.mod services/internal/platform/go.sum services/internal/platform/
COPY services/registry/go.mod services/registry/go.sum services/registry/
COPY services/telemetry/go.mod services/telemetry/go.sum services/telemetry/
COPY services/media/go.mod services/media/go.sum services/media/
COPY services/hub/go.mod services/hub/go.sum services/hub/
RUN CGO_ENABLED=0 go build -trimpath -tags nomsgpack,grpcnotrace github.com/gin-gonic/gin github.com/jackc/pgx/v5/pgxpool github.com/miekg/dns \
        github.com/minio/minio-go/v7 github.com/pressly/goose/v3 github.com/redis/go-redis/v9 modernc.org/sqlite \
        go.opentelemetry.io/contrib/exporters/autoexport
COPY services services
# All of them at once: the layer is the same for each image. The flags are those of `make build`.
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -tags nomsgpack,grpcnotrace -ldflags "-s -w -X main.version=$VERSION" \
        -o /programs/ ./services/registry/cmd/registry ./services/telemetry/cmd/telemetry ./services/media/cmd/media \
        ./services/hub/cmd/nestbox
# What a volume is filled from at first, with its owner.
RUN mkdir /data && chown 65532:65532 /data

FROM scratch
ARG SERVICE
COPY --from=build --chown=65532:65532 /data /data
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /programs/$SERVICE /service
USER 65532:65532
# Of nestbox; the others have settings of their own.
ENV NESTBOX_DATA=/data
ENTRYPOINT ["/service"]
CMD ["serve"]
# The API; /livez, /readyz and /metrics. The API of nestbox, whose /readyz stays inside.
EXPOSE 8080 9090 5000
HEALTHCHECK --interval=5s --timeout=3s --start-period=30s CMD ["/service", "ready"]
