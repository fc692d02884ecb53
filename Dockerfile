# cfn in an image of nothing else: one static program, the certificates that it trusts, and a folder for the database.
#
#   docker build --target production --tag cfn .
#
# A program that is built already goes into the image in seconds: put it and what else /image is to have into
# target/image (docs/docker.md), and add --build-arg PROGRAM=built.

ARG RUST=1.89
ARG PROGRAM=build

FROM rust:${RUST}-bookworm AS build
WORKDIR /cfn
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry --mount=type=cache,target=/cfn/target \
    CFN_STATIC=1 cargo build --release --locked && docker/image.sh target/release/cfn /image

FROM scratch AS built
COPY target/image /image

FROM ${PROGRAM} AS program

FROM scratch AS production
COPY --from=program /image /
ENV CFN_SKILLS_DB_PATH=/data/skills.db HOME=/tmp
WORKDIR /data
VOLUME /data
# Any other user works as well: --user.
USER 65534:65534
ENTRYPOINT ["/bin/cfn"]
CMD ["--help"]
