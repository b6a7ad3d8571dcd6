# Build:  docker build -t tributary .
# Run:    docker run --read-only -v tributary:/data -p 8080:8080 -e TRIBUTARY__DAEMON__CONTACT=you@example.org tributary
# The base can be given by digest: --build-arg BUILD=docker.io/library/rust@sha256:…
ARG BUILD=docker.io/library/rust:1.95-slim-bookworm

FROM ${BUILD} AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev ca-certificates && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --locked --profile dist --bin tributary
# The image: the program, the libraries that it names, the certificates that publishers are known by, and the files that explain every key.
# The volume begins with the right owner; the group is root's, so that any user of that group may write it.
RUN mkdir -p /image/data /image/etc/ssl/certs /image/etc/tributary /image/usr/local/bin \
 && cp target/dist/tributary /image/usr/local/bin/ \
 && ldd target/dist/tributary | grep -o '/[^ ]*' | xargs cp --dereference --parents --target-directory=/image \
 && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ \
 && cp config/*.toml /image/etc/tributary/ \
 && echo 'hosts: files dns' > /image/etc/nsswitch.conf \
 && echo 'tributary:x:65532:65532::/data:/sbin/nologin' > /image/etc/passwd \
 && chown 65532:0 /image/data && chmod 0775 /image/data

FROM scratch
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Tributary" \
      org.opencontainers.image.description="Gathers feeds, tells each story once, and publishes the merge by topic and country" \
      org.opencontainers.image.licenses="MIT OR Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=build /image /
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
