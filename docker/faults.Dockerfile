# What stands between the cameras and the hub in the chaos suite: a proxy that delays and cuts, and nft, which loses packets.
FROM golang:1.26-bookworm AS toxiproxy
ENV CGO_ENABLED=0 GOBIN=/programs
RUN go install github.com/Shopify/toxiproxy/v2/cmd/server@v2.12.0 && go install github.com/Shopify/toxiproxy/v2/cmd/cli@v2.12.0

FROM debian:bookworm-slim
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends nftables >/dev/null && rm -rf /var/lib/apt/lists/*
COPY --from=toxiproxy /programs/server /usr/local/bin/toxiproxy-server
COPY --from=toxiproxy /programs/cli /usr/local/bin/toxiproxy-cli
RUN mkdir /pictures && chown 65532:65532 /pictures
USER 65532:65532
ENTRYPOINT ["toxiproxy-server"]
