"""The user's own files, spoiled: what they remember must never silently count as nothing."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.conformance import actions as do
from tests.conformance.actions import Action
from tests.conformance.case import Case, Expect
from tests.conformance.secret_things import NOTHING, TO_READ_THE_ROOM
from tests.conformance.setting import HARDWARE, YES, Setting
from tests.conformance.world import World

_ACCEPT, _ASK, _INSPECT = do.accept_room(by="link"), do.ask(by="link"), do.inspect_room(by="link")
_DAMAGED = Expect(1, "local files", "store_damaged")
_DEMANDING = Setting(demands={"tcb": {"minimum_evaluation_number": 1}})
Change = Callable[[str], str]


def _case(
    name: str,
    lie: str,
    file: str,
    change: Change,
    *,
    action: Action = _ASK,
    before: tuple[Action, ...] = (_ACCEPT,),
    expect: Expect = _DAMAGED,
    setting: Setting = HARDWARE,
    may_see: frozenset[str] = NOTHING,
) -> Case:
    def spoil(world: World, home: Path) -> None:
        for path in home.glob(file):
            path.write_text(change(path.read_text()))

    return Case(
        name=f"files/{name}",
        lie=lie,
        spoil=spoil,
        action=action,
        before=before,
        expect=expect,
        setting=setting,
        may_see=may_see,
    )


def _cut(text: str) -> str:
    return text[: len(text) // 2]


def _other_version(text: str) -> str:
    return text.replace('"version": 1', '"version": 7')


def _edit(change: Callable[[Any], object]) -> Change:
    def changed(text: str) -> str:
        content = json.loads(text)
        change(content)
        return json.dumps(content)

    return changed


def _other_build(content: Any) -> None:
    for entry in content["services"].values():
        entry["approved_compose_hash"] = "ab" * 32


CASES = (
    _case("approvals-cut", "half of the approved builds' file is gone", "trust.json", _cut),
    _case(
        "approvals-of-another-version", "the approved builds are of an unknown version", "trust.json", _other_version
    ),
    _case("approvals-a-list", "the approved builds are a list", "trust.json", lambda _: "[]"),
    _case(
        "approvals-cut-with-yes",
        "half of the approved builds' file is gone: -y does not make it good",
        "trust.json",
        _cut,
        setting=Setting(switches=frozenset({YES})),
    ),
    _case(
        "acceptances-cut",
        "half of the accepted terms' file is gone",
        "accepted-rooms.json",
        _cut,
        may_see=TO_READ_THE_ROOM,
    ),
    _case(
        "acceptances-a-list",
        "the accepted terms are a list",
        "accepted-rooms.json",
        lambda _: "[]",
        may_see=TO_READ_THE_ROOM,
    ),
    _case(
        "acceptance-under-another-hash",
        "an acceptance names other terms than its key",
        "accepted-rooms.json",
        _edit(lambda content: next(iter(content.values())).update(manifest_hash="ab" * 32)),
        may_see=TO_READ_THE_ROOM,
    ),
    _case(
        "known-rooms-cut",
        "half of the known rooms' file is gone",
        "known-rooms.json",
        _cut,
        action=_INSPECT,
        may_see=TO_READ_THE_ROOM,
    ),
    _case(
        "known-rooms-of-another-version",
        "the known rooms are of an unknown version",
        "known-rooms.json",
        _other_version,
        action=_INSPECT,
        may_see=TO_READ_THE_ROOM,
    ),
    _case(
        "known-room-without-owner",
        "a known room has lost its owner's key",
        "known-rooms.json",
        _edit(lambda content: next(iter(content["rooms"].values())).pop("owner_pubkey_b64")),
        action=_INSPECT,
        may_see=TO_READ_THE_ROOM,
    ),
    _case("demands-cut", "half of the demands' file is gone", "trust-policy.json", _cut, setting=_DEMANDING),
    _case(
        "demand-misspelt",
        "a demand is misspelt",
        "trust-policy.json",
        lambda text: text.replace("minimum_evaluation_number", "minimum_evaluation_numbr"),
        setting=_DEMANDING,
    ),
    _case(
        "demand-twice",
        "a demand is there twice, and the second one is weaker",
        "trust-policy.json",
        lambda text: text.replace('"tcb":', '"tcb": {"minimum_evaluation_number": 9}, "tcb":'),
        setting=_DEMANDING,
    ),
    _case(
        "pins-cut",
        "half of the pins' file is gone",
        "compose-pins.json",
        _cut,
        before=(do.make_pin(),),
        action=do.balance(),
    ),
    _case(
        "pin-altered",
        "a pin allows another build than was signed",
        "compose-pins.json",
        _edit(
            lambda content: next(iter(content["keys"].values()))["pins"][0]["envelope"].update(
                allowed_composes=["ab" * 32]
            )
        ),
        before=(do.make_pin(),),
        action=do.balance(),
    ),
    _case(
        "profile-damaged",
        "the profile is not readable",
        "profiles/here.yaml",
        lambda _: "[",
        expect=Expect(1, "profile", "profile"),
    ),
    _case(
        "profile-name-with-a-path",
        "the active profile's name leads out of its folder",
        "active",
        lambda _: "../../elsewhere",
        expect=Expect(1, "profile", "profile"),
    ),
    _case(
        "note-of-a-question-damaged",
        "what was noted about a question is not readable",
        "runs/*.json",
        _cut,
        action=do.verify_receipt(),
        before=(_ACCEPT, do.ask(**{"by": "link", "with": "receipt"})),
    ),
    _case(
        "another-build-approved",
        "the file names another build than the one that runs",
        "trust.json",
        _edit(_other_build),
        expect=Expect(4, "build approval", "build_refused"),
    ),
)
