"""Alice at a remote service: hardware evidence, TLS that ends in the enclave, a proxy on the way."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.hmctl.enclave import Enclave
from tests.hmctl.secured import REMOTE, ConnectProxy, SecuredService
from tests.hmctl.shell import Shell, Shown

URL = f"https://{REMOTE}"


@contextmanager
def machine(secured: SecuredService, enclave: Enclave, *, authority: Path, folder: Path) -> Iterator[Shell]:
    """Alice's machine, with the service as its only profile."""
    proxy = ConnectProxy(secured.port)
    shell = Shell(folder / "alice" / ".hivemind")
    shell.profile("alice", service=URL, key=secured.alice)
    shell.environment |= {"HTTPS_PROXY": proxy.url, "SSL_CERT_FILE": str(authority)}
    enclave.equip(shell, folder)
    try:
        yield shell
    finally:
        proxy.close()


def heard(secured: SecuredService) -> set[str]:
    """The paths of requests that carried a secret of Alice's."""
    secrets = (secured.alice, secured.invite, secured.share)
    return {asked.path for asked in secured.asked if any(each in str((asked.headers, asked.body)) for each in secrets)}


def refused(shown: Shown, secured: SecuredService) -> tuple[str, str]:
    """Code and check of a refusal that came before a secret was told."""
    assert shown.code == 4, shown.screen
    assert heard(secured) == set()
    error = json.loads(shown.out)["error"]
    return error["code"], error["check"]
