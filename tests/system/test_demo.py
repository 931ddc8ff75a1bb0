"""The demo that ends the quickstart: a first time makes everything, a second time uses it again."""

import pytest

from hivemind.local import checkout, demo
from tests.factories.service import Service

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]


@pytest.fixture
def here(service: Service, monkeypatch: pytest.MonkeyPatch) -> checkout.Checkout:
    for name, value in service.environment.items():
        if name.startswith("HIVEMIND_"):
            monkeypatch.setenv(name, value)
    return checkout.read()


def test_the_demo_plays_and_plays_again_on_the_same_room(here: checkout.Checkout) -> None:
    first: list[str] = []
    demo.play(here, say=first.append)
    verified = next(place for place, line in enumerate(first) if line.startswith("verified: "))
    assert any("| music |" in line for line in first[verified:])
    assert not any("@example.com" in line for line in first)
    second: list[str] = []
    demo.play(here, say=second.append)
    assert [line for line in second if "creating" in line or "fills" in line or "makes a room" in line] == []
    assert any(line.startswith("verified: ") for line in second)


def test_what_the_demo_keeps_is_readable_by_its_owner_alone(here: checkout.Checkout) -> None:
    demo.play(here, say=lambda line: None)
    folder = here.layout.state_dir / "demo"
    kept = [path for path in folder.rglob("*") if path.is_file() and path.name != "rules.md"]
    assert kept
    assert [path for path in kept if path.stat().st_mode & 0o077] == []
    assert folder.stat().st_mode & 0o077 == 0
