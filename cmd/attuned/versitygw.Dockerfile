# versitygw from source, the version that our tests run (Makefile, VERSITYGW).
# Apache-2.0, maintained.
#
# Base images are pinned by version; add digests for a real service.

FROM golang:1.26.8 AS build
RUN CGO_ENABLED=0 GOTOOLCHAIN=local go install github.com/versity/versitygw/cmd/versitygw@v1.8.0

# Alpine and not an empty image, for wget and for the shell below.
FROM alpine:3.22.2
COPY --from=build /go/bin/versitygw /usr/local/bin/versitygw
USER 10001:10001
EXPOSE 9000
# versitygw takes its administrator's key only as an option or from its
# environment. An option stands in the list of processes; so the shell reads the
# secret files into the environment of this one process, where Docker does not
# show it, and becomes versitygw.
ENTRYPOINT ["/bin/sh", "-euc", "ROOT_ACCESS_KEY=$(cat /run/secrets/s3.user); ROOT_SECRET_KEY=$(cat /run/secrets/s3.password); export ROOT_ACCESS_KEY ROOT_SECRET_KEY; exec versitygw \"$@\"", "versitygw"]
