# MinIO from source, as there are no images of it any more: the project is
# archived, and its binaries and images were withdrawn. This is its last source,
# the version that our tests run (Makefile, MINIO). AGPL-3.0. Nobody mends its
# faults: for a real service prefer versitygw.Dockerfile, or an S3 service that
# somebody maintains for you.
#
# Base images are pinned by version; add digests for a real service.

FROM golang:1.26.8 AS build
# The module proxy's checksum database holds this version to what it was.
RUN CGO_ENABLED=0 GOTOOLCHAIN=local go install github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c

# Alpine and not an empty image, for wget: MinIO cannot ask itself for its health.
FROM alpine:3.22.2
COPY --from=build /go/bin/minio /usr/local/bin/minio
USER 10001:10001
# MinIO looks for a folder of its own at home, and the root is read-only.
ENV HOME=/tmp
EXPOSE 9000
ENTRYPOINT ["/usr/local/bin/minio"]
