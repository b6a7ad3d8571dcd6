# Build:  docker build -t tributary .
# Run:    docker run -v tributary:/data -p 8080:8080 -e TRIBUTARY__DAEMON__CONTACT=you@example.org tributary
# Both base images can be given by digest: --build-arg BUILD=rust@sha256:…
ARG BUILD=docker.io/library/rust:1.95-slim-bookworm
ARG BASE=docker.io/library/debian:bookworm-slim

FROM ${BUILD} AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev ca-certificates && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY config config
COPY benches benches
RUN cargo build --locked --profile dist --bin tributary

FROM ${BASE}
LABEL org.opencontainers.image.title="Tributary" \
      org.opencontainers.image.description="Gathers feeds, tells each story once, and publishes the merge by topic and country" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
# The certificates that publishers are known by come with the build image.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /src/target/dist/tributary /usr/local/bin/tributary
# Made here so that the volume begins with the right owner.
COPY --from=build --chown=65532:65532 /src/config /etc/tributary
RUN mkdir /data && chown 65532:65532 /data
USER 65532:65532
ENV TRIBUTARY__DAEMON__DATA=/data \
    TRIBUTARY__SERVE__LISTEN=0.0.0.0:8080 \
    TRIBUTARY_CONFIG=/etc/tributary \
    MALLOC_ARENA_MAX=2
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=6s --start-period=20s CMD ["/usr/local/bin/tributary", "health"]
ENTRYPOINT ["/usr/local/bin/tributary"]
CMD ["run"]
