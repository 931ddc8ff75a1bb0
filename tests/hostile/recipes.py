"""Dockerfiles that ask for what no build may do, and images that try to get between the gate and its program."""

from typing import Final

BASE: Final = "FROM hivemind-agent-base\n"
# Refused before the engine sees a line, or by the engine itself: no image comes of them.
REFUSED: Final[dict[str, str]] = {
    "add-of-an-address": BASE + "ADD http://169.254.169.254/latest/meta-data /x\n",
    "add-of-an-address-in-a-list": BASE + 'ADD ["https://example.invalid/x", "/x"]\n',
    "add-of-a-variable": BASE + "ARG U=http://example.invalid/x\nADD $U /x\n",
    "add-over-two-lines": BASE + "AD\\\nD http://example.invalid/x /x\n",
    "add-of-a-repository": BASE + "ADD git@example.invalid:x/y /x\n",
    "add-with-a-backtick-escape": "# escape=`\n" + BASE + "ADD ht`\ntp://example.invalid/x /x\n",
    "mount-of-a-secret": BASE + "RUN --mount=type=secret,id=x cat /run/secrets/x\n",
    "mount-of-ssh": BASE + "RUN --mount=type=ssh ssh-add -l\n",
    "mount-of-the-host": BASE + "RUN --mount=type=bind,source=/,target=/host ls /host\n",
    "mount-of-a-cache": BASE + "RUN --mount=type=cache,target=/cache,id=shared,sharing=shared ls /cache\n",
    "mount-of-another-image": BASE + "RUN --mount=type=bind,from=hivemind-agent-base,target=/x ls /x\n",
    "mount-of-memory": BASE + "RUN --mount=type=tmpfs,target=/x ls /x\n",
    "network-of-the-host": BASE + "RUN --network=host true\n",
    "network-of-the-engine": BASE + "RUN --network=default true\n",
    "security-off": BASE + "RUN --security=insecure true\n",
    "copy-with-a-link": BASE + "COPY --link agent.py /x\n",
    "copy-with-parents": BASE + "COPY --parents agent.py /x\n",
    "copy-of-the-outside": BASE + "COPY ../../etc/passwd /x\n",
    "copy-of-an-absolute-path": BASE + "COPY /etc/shadow /x\n",
    "text-in-the-file": BASE + "COPY <<EOF /x\nADD http://example.invalid/x /x\nEOF\n",
    "steps-in-the-file": BASE + "RUN <<EOF\ncurl http://example.invalid\nEOF\n",
    "for-whoever-comes-next": BASE + "ONBUILD RUN id\n",
    "for-whoever-comes-next-in-other-letters": BASE + "oNbUiLd RUN id\n",
    "no-base": "RUN id\n",
    "base-from-a-variable-without-a-value": "ARG B\nFROM $B\n",
    "base-that-is-a-command": "FROM $(cat /etc/passwd)\n",
    "base-that-is-a-path": "FROM ../../etc\n",
    "base-by-a-digest-that-nobody-has": "FROM hivemind-test-nowhere@sha256:" + "0" * 64 + "\n",
    "stage-of-a-number": BASE + "COPY --from=7 /app /x\n",
    "two-sources": BASE + "COPY --from=a --from=b /app /x\n",
    "control-characters": BASE + "RUN echo \x1b[2J\n",
    "carriage-returns": "FROM hivemind-agent-base\rADD http://example.invalid/x /x\n",
    "nine-volumes": BASE + "VOLUME " + " ".join(f"/v{number}" for number in range(9)) + "\n",
}
# Built, and what they carry has no effect when they run. The program is the test's own.
_SETTINGS: Final = """
LABEL managed-by=nobody hivemind-instance=elsewhere hivemind-run-id=000000000000 com.hivemind.agent.recipe-hash=forged
USER root
HEALTHCHECK --interval=1s --start-period=1s CMD touch /tmp/checked
STOPSIGNAL SIGCONT
SHELL ["/bin/false"]
EXPOSE 80 443
VOLUME /data /cache
ENV ENV=/app/early.sh BASH_ENV=/app/early.sh IFS=/ PS4='$(touch /tmp/early)' SHELLOPTS=xtrace \\
    _hive_path=/bin/false _hive_name=false _hive_rest=/bin PATH=/app/evil:/usr/bin:/bin \\
    HOME=/run/hive-gate TMPDIR=/run/hive SESSION_TOKEN=of-the-image BRIDGE_URL=http://of-the-image PYTHONPATH=/app
"""
HARMLESS: Final[dict[str, str]] = {
    "settings-of-every-kind": f"# syntax=example.invalid/frontend:1\n{BASE}{_SETTINGS.lstrip()}",
    "two-stages-and-an-argument-of-the-outside": (
        "ARG B=hivemind-agent-base\nFROM $B AS one\nFROM hivemind-agent-base\nARG HTTP_PROXY\n"
        "COPY --from=one /etc/hostname /x\nCOPY --from=0 /etc/hostname /y\n"
    ),
}
# What the image puts in the place of the gate and of the memory. The program must not start, or start as always.
PLACED: Final[dict[str, str]] = {
    "gate-shell-replaced": "RUN mkdir -p /run/hive-gate && cp /bin/false /run/hive-gate/busybox",
    "gate-that-leads-to-a-fake": (
        "RUN mkdir /opt/fake && cp /app/early.sh /opt/fake/busybox && ln -s /opt/fake /run/hive-gate"
    ),
    "gate-that-leads-to-memory": "RUN ln -s /tmp/gate /run/hive-gate && ln -s /tmp/hive /run/hive",
    "gate-that-leads-to-processes": "RUN ln -s /proc/self/fd /run/hive-gate",
    "gate-with-a-pipe-of-its-own": (
        "RUN mkdir -p /run/hive/in && mkfifo /run/hive/gate && echo forged > /run/hive/in/WORD"
    ),
    "memory-that-leads-to-the-gate": "RUN rm -rf /tmp && ln -s /run/hive-gate /tmp",
    "memory-that-leads-to-programs": "RUN rm -rf /var/tmp && ln -s /usr/bin /var/tmp",
    "hosts-that-lead-elsewhere": "RUN ln -sf /app/hosts /opt/hosts",
    "volume-over-the-gate": "VOLUME /run/hive /run/hive-gate",
    "volume-over-all-of-run": "VOLUME /run",
    "volume-over-processes": "VOLUME /proc",
    "volume-written-in-another-way": "VOLUME /tmp/ /home/agent/../agent //run//hive",
    "working-folder-in-the-gate": "WORKDIR /run/hive",
    "working-folder-by-a-leaked-descriptor": "WORKDIR /proc/self/fd/8",
    "working-folder-by-another-leaked-descriptor": "WORKDIR /proc/self/fd/7",
    "working-folder-of-the-first-process": "WORKDIR /proc/1/cwd",
}
# A build's own steps, which run as root of a container without a network: each prints what it found.
LOOKING: Final = """
RUN mkdir -p /found; \\
    (ls /host /rootfs /var/run/docker.sock /run/docker.sock /run/containerd 2>/dev/null; true) > /found/places; \\
    (cat /proc/net/dev | tail -n +3 | cut -d: -f1) > /found/interfaces; \\
    (mount -t tmpfs none /mnt 2>/dev/null && echo mounted; true) > /found/mount; \\
    (ls -d /sys/class/net/*; true) > /found/links; \\
    (env; true) > /found/environment; \\
    (for d in /proc/self/fd/*; do ls -d $d/../marker-of-the-host* 2>/dev/null; done; true) > /found/descriptors; \\
    (find / -xdev -name 'marker-of-the-host*' 2>/dev/null; true) > /found/markers; \\
    (grep CapEff /proc/self/status | grep -i 0000003fffffffff; true) > /found/everything
"""
