#!/usr/bin/env bash
# Makes the image that agents are built FROM, hivemind-agent-base:latest, and from it, by ../base-hermes/build.sh,
# hivemind-agent-base-hermes:latest.
#
#   agents/base/build.sh            make it unless it is there already
#   agents/base/build.sh --force    make it again
#
# It starts from HIVEMIND_AGENT_BASE_IMAGE when that is set and can be had, else from Debian packages and the wheels of
# vendor.lock. What of the latter cannot be had is left out and said, also in a label; --force tries again.
# A hash of this recipe and of the SDK is kept as a label, so that an unchanged recipe costs one inspection.
# AGENT_BASE_SUITE, AGENT_BASE_EXTRA_PACKAGES and AGENT_BASE_VENDOR change the Debian way, AGENT_BASE_TAG and
# AGENT_BASE_HERMES_TAG the names; with the first alone there is no second image.
set -euo pipefail
export PATH="$PATH:/usr/sbin:/sbin"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
sdk="$here/../sdk/hivemind_agent"
tag="${AGENT_BASE_TAG:-hivemind-agent-base:latest}"
label="com.hivemind.agentbase.recipe-hash"
left_out_label="com.hivemind.agentbase.left-out"
suites="${AGENT_BASE_SUITE:-trixie bookworm}"
vendor="${AGENT_BASE_VENDOR:-yes}"
packages="python3,python3-pip,busybox-static,ca-certificates"
[ "$vendor" = no ] || packages+=",nodejs"
packages+="${AGENT_BASE_EXTRA_PACKAGES:+,${AGENT_BASE_EXTRA_PACKAGES// /,}}"
wanted="${HIVEMIND_AGENT_BASE_IMAGE:-}"
candidate="hivemind-agent-base-candidate:$$"
work=""
began=$SECONDS

say() { printf '[%3ds] %s\n' "$((SECONDS - began))" "$*"; }
fail() { say "error: $*" >&2; exit 1; }
clean_up() {
    [ -z "$work" ] || rm -rf "$work"
    [ -z "$work" ] || docker rmi "$candidate" >/dev/null 2>&1 || true
}
trap clean_up EXIT

recipe_hash() {
    { printf '%s\0' "$suites" "$packages" "$wanted" "$vendor"
      cat "$here/build.sh" "$here/customise.sh" "$here/vendor.lock"
      find "$sdk" -name '*.py' -printf '%P\n' | LC_ALL=C sort | while read -r path; do
          printf '%s\0' "$path"; cat "$sdk/$path"
      done
    } | sha256sum | cut -c1-16
}

label_of() { docker image inspect --format "{{index .Config.Labels \"$2\"}}" "$1" 2>/dev/null || true; }
left_out() { label_of "$1" "$left_out_label"; }

# The last four are for `claude`: nothing is asked of the model but the agent's own questions, their text is the same
# each time, and what the bridge has tried again already is not tried ten times more.
common_changes=(
    --change 'ENV PYTHONPATH=/app' --change 'ENV PYTHONDONTWRITEBYTECODE=1' --change 'ENV LANG=C.UTF-8'
    --change 'ENV PIP_NO_CACHE_DIR=1' --change 'USER agent' --change 'WORKDIR /app'
    --change 'ENV CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1' --change 'ENV CLAUDE_CODE_DISABLE_TERMINAL_TITLE=1'
    --change 'ENV CLAUDE_CODE_ATTRIBUTION_HEADER=0' --change 'ENV CLAUDE_CODE_MAX_RETRIES=2'
)

# From an image that somebody published: our SDK, the gate's shell and the agent's user are laid on top of it.
from_published() {
    docker image inspect "$wanted" >/dev/null 2>&1 || docker pull --quiet "$wanted" >/dev/null || return 1
    site=$(docker run --rm --network none --user 0 --entrypoint python3 "$wanted" -c \
        'import os, site; print(next(p for p in site.getsitepackages() if os.path.isdir(p)))') || return 1
    fetch_busybox || return 1
    mkdir "$work/sdk" && cp -r "$sdk" "$work/sdk/hivemind_agent" &&
        find "$work/sdk" -depth -type d -name __pycache__ -exec rm -rf {} +
    container=$(docker create --network none "$wanted" 2>/dev/null || docker create --network none "$wanted" python3) ||
        return 1
    lay_on_top && docker commit "${common_changes[@]}" "$container" "$candidate" >/dev/null
    local outcome=$?
    docker rm --force "$container" >/dev/null
    return "$outcome"
}

lay_on_top() {
    docker cp "$container:/etc/passwd" "$work/passwd" && docker cp "$container:/etc/group" "$work/group" || return 1
    grep -q '^agent:' "$work/passwd" || echo 'agent:x:1000:1000::/home/agent:/bin/sh' >> "$work/passwd"
    grep -q '^agent:' "$work/group" || echo 'agent:x:1000:' >> "$work/group"
    mkdir -p "$work/rooms/app" "$work/rooms/home/agent"
    tar -C "$work/rooms" --owner=0 --group=0 --no-recursion -cf - home | docker cp -a - "$container:/" &&
        tar -C "$work/rooms" --owner=1000 --group=1000 -cf - app home/agent | docker cp -a - "$container:/" &&
        docker cp "$work/passwd" "$container:/etc/passwd" && docker cp "$work/group" "$container:/etc/group" &&
        docker cp "$work/sdk/hivemind_agent" "$container:$site/" &&
        docker cp "$work/busybox" "$container:/bin/busybox"
} >/dev/null

fetch_busybox() {
    (cd "$work" && apt-get download -q busybox-static >/dev/null 2>&1 && dpkg-deb -x busybox-static_*.deb unpacked) &&
        install -m 0755 "$(find "$work/unpacked" -type f -path '*/bin/busybox' | head -n 1)" "$work/busybox"
}

need_mmdebstrap() {
    command -v mmdebstrap >/dev/null && return
    [ "$(id -u)" = 0 ] || fail "mmdebstrap is missing: install it, or run this as root"
    say "installing mmdebstrap"
    apt-get update -q >/dev/null
    apt-get install -y -q --no-install-recommends mmdebstrap debian-archive-keyring >/dev/null
}

# A Python whose pip fetches the vendor packages from wherever this machine gets its own.
find_pip() {
    local python
    for python in "$here/../../.venv/bin/python" python3; do
        if "$python" -m pip --version >/dev/null 2>&1; then echo "$python"; return; fi
    done
    echo "the packages of vendor.lock, as no Python here has pip" >> "$work/left-out"
}

make_root() {
    HERE="$here" SDK="$sdk" PIP="$pip" LEFT_OUT="$work/left-out" mmdebstrap --quiet --mode=root --variant=essential \
        --include="$packages" \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --customize-hook="$here/customise.sh \"\$1\"" "$1" "$work/root.tar"
}

from_debian() {
    local suite pip="" made=""
    need_mmdebstrap
    touch "$work/left-out"
    [ "$vendor" = no ] || pip=$(find_pip)
    for suite in $suites; do
        say "starting from Debian $suite: $packages"
        if make_root "$suite"; then made=$suite; break; fi
        say "Debian $suite cannot be had"
        echo "Debian $suite" >> "$work/left-out"
    done
    [ -n "$made" ] || fail "no Debian packages can be had"
    say "packed $(du -m "$work/root.tar" | cut -f1) MiB, importing"
    common_changes+=(--change "LABEL $left_out_label=\"$(paste -sd, "$work/left-out")\"")
    docker import "${common_changes[@]}" --change 'CMD ["python3"]' \
        "$work/root.tar" "$candidate" >/dev/null
}

check() {
    docker run --rm --network none --read-only --entrypoint python3 "$candidate" -c '
import os, sys, hivemind_agent, hivemind_agent.mcp.server
assert sys.version_info >= (3, 9), sys.version
assert os.getuid() == 1000 and os.getgid() == 1000, "the user is not agent"
assert os.getcwd() == "/app" and os.environ["PYTHONPATH"] == "/app", "the working directory is not /app"
' || fail "the new image does not work"
    docker run --rm --network none --entrypoint /bin/busybox "$candidate" true || fail "the new image has no busybox"
}

check_vendor() {
    [[ "$vendor" = no || "$(left_out "$candidate")" = *vendor.lock* ]] ||
        docker run --rm --network none --read-only --tmpfs /home/agent:uid=1000 "$candidate" sh -c \
            'python3 -c "import aiohttp, claude_agent_sdk" && claude --version && node --version' >/dev/null ||
        fail "the packages of vendor.lock do not work in the new image"
}

# What the name held before stays while an agent image is still built on it.
name_it() {
    local before
    before=$(docker image inspect --format '{{.Id}}' "$tag" 2>/dev/null || true)
    docker tag "$candidate" "$tag"
    [ -z "$before" ] || docker rmi "$before" >/dev/null 2>&1 || true
    say "made $tag ($hash)"
}

make_hermes() {
    [ -n "${AGENT_BASE_TAG:-}" ] && [ -z "${AGENT_BASE_HERMES_TAG:-}" ] || "$here/../base-hermes/build.sh" "$@"
}

docker version >/dev/null 2>&1 || fail "no Docker engine answers"
hash=$(recipe_hash)
common_changes+=(--change "LABEL $label=$hash")
if [ "${1:-}" != --force ] && [ "$(label_of "$tag" "$label")" = "$hash" ]; then
    missing=$(left_out "$tag")
    say "$tag is up to date ($hash)${missing:+, without $missing; --force tries again}"
    make_hermes
    exit 0
fi
work=$(mktemp -d)
made=""
if [ -n "$wanted" ]; then
    say "starting from $wanted"
    if from_published; then made=yes; else say "$wanted cannot be had, using Debian packages"; fi
fi
if [ -z "$made" ]; then
    from_debian
    check_vendor
    missing=$(left_out "$candidate")
    [ -z "$missing" ] || say "made without $missing"
fi
check
name_it
make_hermes "$@"
