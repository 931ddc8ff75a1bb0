#!/usr/bin/env bash
# Makes the platform's image: hivemind-platform:latest.
#
#   BASE_IMAGE=name@sha256:... deploy/build.sh      on a base that is there, by its digest
#   deploy/build.sh                                 on a base made from Debian packages, as root
#
# What goes into the image is listed below and taken from the last commit, so that no file of a working copy gets in.
# Packages are fetched here by their hashes and checked again in the build, which has no network.
# Needs this checkout's .venv (scripts/venv.sh). PLATFORM_TAG names the result.
set -euo pipefail
export PATH="$PATH:/usr/sbin:/sbin"
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tag="${PLATFORM_TAG:-hivemind-platform:latest}"
suite="${PLATFORM_SUITE:-bookworm}"
base="${BASE_IMAGE:-}"
contents=(agents attestation billing deploy/Dockerfile deploy/image hivemind hmctl manage.py requirements/server.lock
          rooms runner tenants)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/context"

say() { printf '[%3ds] %s\n' "$SECONDS" "$*"; }
fail() { say "error: $*" >&2; exit 1; }

base_from_debian() {
    command -v mmdebstrap >/dev/null || fail "mmdebstrap is missing: install it, or set BASE_IMAGE"
    say "making a base from Debian $suite"
    mmdebstrap --quiet --mode=root --variant=essential --include=python3,python3-venv,ca-certificates,tzdata,libseccomp2,fonts-dejavu-core \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/locale/*' \
        --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/* "$1"/var/log/*' \
        "$suite" "$work/root.tar"
    base="hivemind-platform-base:$suite"
    docker import --change 'ENV LANG=C.UTF-8' --change 'CMD ["python3"]' "$work/root.tar" "$base" >/dev/null
}

[ -x .venv/bin/python ] || fail "there is no .venv; make it with scripts/venv.sh"
docker version >/dev/null 2>&1 || fail "no Docker engine answers"
case "$base" in
    "") base_from_debian ;;
    *@sha256:* | sha256:*) ;;
    *) fail "BASE_IMAGE must name a digest: name@sha256:..., or the id of an image here" ;;
esac
version=$(docker run --rm --network none "$base" python3 -c 'import platform; print(platform.python_version())')
.venv/bin/python -m deploy.lock_for requirements/server.lock "$version" > "$work/lock"
say "fetching $(grep -c '^[a-z]' "$work/lock") pinned packages for Python $version"
.venv/bin/python -m pip --quiet --disable-pip-version-check --no-input download --require-hashes --no-deps \
    --only-binary :all: --python-version "${version%.*}" --requirement "$work/lock" --dest "$work/context/wheels"
git archive --format=tar HEAD "${contents[@]}" | tar -x -C "$work/context"
say "building $tag on $base"
docker build --quiet --network none --build-arg BASE_IMAGE="$base" \
    --file "$work/context/deploy/Dockerfile" --tag "$tag" "$work/context" >/dev/null
docker run --rm --network none --read-only "$tag" python -c \
    'import dcap_qvl, django, os, psycopg, pyseccomp, zoneinfo; zoneinfo.ZoneInfo("UTC"); assert os.getuid() == 10001' ||
    fail "the new image does not work; does the base have tzdata and libseccomp2?"
say "made $tag ($(docker image inspect --format '{{.Id}}' "$tag"))"
say "push it to a registry and render with the digest that the registry names"
