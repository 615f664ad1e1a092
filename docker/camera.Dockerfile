# An emulated camera: the firmware on bare metal in QEMU, all from Debian's packages.
FROM golang:1.26-bookworm AS scenes
WORKDIR /src
COPY firmware/scenes .
RUN GOWORK=off go run ./cmd/render --out /scenes && chmod -R a+rX /scenes

FROM debian:bookworm-slim AS firmware
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends \
        ca-certificates curl gcc gcc-xtensa-lx106 libc6-dev make picolibc-xtensa-lx106-elf xz-utils >/dev/null
WORKDIR /src
COPY firmware firmware
ARG VERSION=dev
RUN make -f firmware/port/qemu/qemu.mk QEMU_OUT=/firmware VERSION=$VERSION firmware/qemu

FROM debian:bookworm-slim
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends qemu-system-misc socat >/dev/null \
    && find /usr/bin -name 'qemu-system-*' ! -name '*-xtensa' -delete && rm -rf /var/lib/apt/lists/*
COPY --from=firmware /firmware/firmware.bin /firmware/mkflash /camera/
COPY --from=scenes /scenes /camera/scenes
COPY docker/camera /camera/start
RUN mkdir /state && chown 65532:65532 /state
USER 65532:65532
VOLUME /state
ENTRYPOINT ["/camera/start"]
