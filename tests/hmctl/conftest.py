"""Alice owns a room, Bob is invited and pays for himself, Carol is nobody, Olga operates."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hmctl import far_away
from tests.hmctl.enclave import Enclave
from tests.hmctl.lying_service import LyingService
from tests.hmctl.secured import Authority, SecuredService
from tests.hmctl.secured import Shown as Certificate
from tests.hmctl.shell import Shell


@pytest.fixture
def service() -> Iterator[LyingService]:
    running = LyingService()
    running.publish(running.manifest())
    yield running
    running.close()


@pytest.fixture
def alice(service: LyingService, tmp_path: Path) -> Shell:
    """The owner's machine."""
    shell = Shell(tmp_path / "alice" / ".hivemind")
    shell.profile("alice", service=service.url, key=service.alice)
    return shell


@pytest.fixture
def bob(service: LyingService, tmp_path: Path) -> Shell:
    """The invited asker's machine; he has accepted nothing yet."""
    shell = Shell(tmp_path / "bob" / ".hivemind")
    shell.profile("bob", service=service.url, key=service.bob)
    return shell


@pytest.fixture
def carol(tmp_path: Path) -> Shell:
    """A machine without any profile."""
    return Shell(tmp_path / "carol" / ".hivemind")


@pytest.fixture
def accepted(bob: Shell, service: LyingService) -> Shell:
    """Bob's machine after he accepted the room."""
    assert bob("room", "accept", service.link()).code == 0
    service.asked.clear()
    return bob


@pytest.fixture
def olga(service: LyingService, tmp_path: Path) -> Shell:
    """The operator's machine."""
    shell = Shell(tmp_path / "olga" / ".hivemind")
    shell.profile("ops", service=service.url, key=service.office.key, role="admin")
    return shell


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Whom the machines of the tests trust to vouch for certificates."""
    return Authority(tmp_path)


@pytest.fixture
def own(authority: Authority) -> Certificate:
    """The certificate that an enclave made for itself."""
    return authority.issue(vouched=False)


@pytest.fixture
def secured(own: Certificate) -> Iterator[SecuredService]:
    running = SecuredService(own)
    running.publish(running.manifest())
    yield running
    running.close()


@pytest.fixture
def enclave(secured: SecuredService, own: Certificate) -> Enclave:
    """What makes the secured service prove itself."""
    made = Enclave(secured)
    made.certificate = own.der
    return made


@pytest.fixture
def remote(secured: SecuredService, enclave: Enclave, authority: Authority, tmp_path: Path) -> Iterator[Shell]:
    """Alice's machine when the secured service is far away."""
    with far_away.machine(secured, enclave, authority=authority.file, folder=tmp_path) as shell:
        yield shell
