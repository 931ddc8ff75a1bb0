#!/usr/bin/env bash
# Makes the image that agents are built FROM: hivemind-agent-base:latest, and its second name
# hivemind-agent-base-hermes:latest.
#
#   agents/base/build.sh            make it unless it is there already
#   agents/base/build.sh --force    make it again
#
# It starts from HIVEMIND_AGENT_BASE_IMAGE when that is set and can be had, else from Debian packages.
# A hash of this recipe and of the SDK is kept as a label, so that an unchanged recipe costs one inspection.
# AGENT_BASE_SUITE (bookworm) and AGENT_BASE_EXTRA_PACKAGES (none) change the Debian way, AGENT_BASE_TAG and
# AGENT_BASE_HERMES_TAG the names. With HIVEMIND_AGENT_BASE_HERMES_IMAGE the second name is left to that image.
set -euo pipefail
export PATH="$PATH:/usr/sbin:/sbin"

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
sdk="$here/../sdk/hivemind_agent"
tag="${AGENT_BASE_TAG:-hivemind-agent-base:latest}"
label="com.hivemind.agentbase.recipe-hash"
hermes_label="com.hivemind.agentbase-hermes.recipe-hash"
hermes_wanted="${HIVEMIND_AGENT_BASE_HERMES_IMAGE:-}"
hermes_tag="${AGENT_BASE_HERMES_TAG:-}"
if [ -z "$hermes_tag" ] && [ -z "${AGENT_BASE_TAG:-}" ]; then hermes_tag=hivemind-agent-base-hermes:latest; fi
suite="${AGENT_BASE_SUITE:-bookworm}"
packages="python3,busybox-static,ca-certificates${AGENT_BASE_EXTRA_PACKAGES:+,${AGENT_BASE_EXTRA_PACKAGES// /,}}"
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
    { printf '%s\0' "$suite" "$packages" "$wanted"
      cat "$here/build.sh"
      find "$sdk" -name '*.py' -printf '%P\n' | LC_ALL=C sort | while read -r path; do
          printf '%s\0' "$path"; cat "$sdk/$path"
      done
    } | sha256sum | cut -c1-16
}

has_label() {
    [ "$(docker image inspect --format "{{index .Config.Labels \"$label\"}}" "$1" 2>/dev/null)" = "$2" ]
}
is_up_to_date() {
    has_label "$tag" "$hash" && { [ -z "$hermes_tag" ] || [ -n "$hermes_wanted" ] || has_label "$hermes_tag" "$hash"; }
}

common_changes=(
    --change 'ENV PYTHONPATH=/app' --change 'ENV PYTHONDONTWRITEBYTECODE=1' --change 'ENV LANG=C.UTF-8'
    --change 'USER agent' --change 'WORKDIR /app'
)
set_labels() { common_changes+=(--change "LABEL $label=$hash" --change "LABEL $hermes_label=$hash"); }

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
    apt-get install -y -q --no-install-recommends mmdebstrap >/dev/null
}

# Written into the new root before it is packed: the agent's user, its folders, python's name, our SDK.
write_customisation() {
    cat > "$work/customise" <<'HOOK'
#!/bin/sh
set -eu
root=$1
echo 'agent:x:1000:1000::/home/agent:/bin/sh' >> "$root/etc/passwd"
echo 'agent:x:1000:' >> "$root/etc/group"
mkdir -p "$root/app" "$root/home/agent"
chown 1000:1000 "$root/app" "$root/home/agent"
ln -s python3 "$root/usr/bin/python"
cp -r "$SDK" "$root/usr/lib/python3/dist-packages/hivemind_agent"
find "$root/usr/lib/python3/dist-packages/hivemind_agent" -depth -type d -name __pycache__ -exec rm -rf {} +
chroot "$root" python3 -m compileall -q /usr/lib/python3/dist-packages/hivemind_agent
rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/* "$root"/var/log/*
HOOK
    chmod +x "$work/customise"
}

from_debian() {
    need_mmdebstrap
    write_customisation
    SDK="$sdk" mmdebstrap --quiet --mode=root --variant=essential --include="$packages" \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
        --dpkgopt='path-exclude=/usr/share/info/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --customize-hook="$work/customise \"\$1\"" "$suite" "$work/root.tar"
    say "packed $(du -m "$work/root.tar" | cut -f1) MiB, importing"
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

# What the name held before stays while an agent image is still built on it.
name_it() {
    local before
    before=$(docker image inspect --format '{{.Id}}' "$1" 2>/dev/null || true)
    docker tag "$candidate" "$1"
    [ -z "$before" ] || docker rmi "$before" >/dev/null 2>&1 || true
    say "made $1 ($hash)"
}

docker version >/dev/null 2>&1 || fail "no Docker engine answers"
hash=$(recipe_hash)
set_labels
if [ "${1:-}" != --force ] && is_up_to_date; then
    say "$tag is up to date ($hash)"
    exit 0
fi
work=$(mktemp -d)
made=""
if [ -n "$wanted" ]; then
    say "starting from $wanted"
    if from_published; then made=yes; else say "$wanted cannot be had, using Debian packages"; fi
fi
if [ -z "$made" ]; then
    say "starting from Debian $suite: $packages"
    from_debian
fi
check
name_it "$tag"
if [ -n "$hermes_tag" ] && [ -z "$hermes_wanted" ]; then name_it "$hermes_tag"; fi
if [ -n "$hermes_tag" ] && [ -n "$hermes_wanted" ]; then
    docker image inspect "$hermes_wanted" >/dev/null 2>&1 || docker pull --quiet "$hermes_wanted" >/dev/null ||
        fail "$hermes_wanted cannot be had"
    docker tag "$hermes_wanted" "$hermes_tag"
    say "$hermes_tag is $hermes_wanted"
fi
