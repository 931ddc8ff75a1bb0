"""The demo that ends the quickstart: a first time makes everything, a second time uses it again."""

from dataclasses import replace
from pathlib import Path

import pytest

from hivemind.local import checkout, demo
from hivemind.local.paths import layout
from tests.e2e.conftest import Service

pytestmark = [pytest.mark.e2e, pytest.mark.docker]


@pytest.fixture
def here(service: Service, monkeypatch: pytest.MonkeyPatch) -> checkout.Checkout:
    for name in ("HIVEMIND_PORT", "HIVEMIND_STATE_DIR", "HIVEMIND_ADMIN_KEY"):
        monkeypatch.setenv(name, service.environment[name])
    port = int(service.environment["HIVEMIND_PORT"])
    return replace(checkout.read(), layout=layout(service.state_dir), port=port)


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


def test_the_keys_of_the_demo_are_readable_by_their_owner_alone(here: checkout.Checkout) -> None:
    demo.play(here, say=lambda line: None)
    kept = [path for path in (here.layout.state_dir / "demo").rglob("*") if path.is_file() and path.name != "rules.md"]
    assert kept
    assert [path for path in kept if path.stat().st_mode & 0o077] == []
    assert Path(here.layout.state_dir / "demo").stat().st_mode & 0o077 == 0
