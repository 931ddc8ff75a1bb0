"""The hardware maker's statements about a machine: supplied as a file, remembered for a day, or fetched.

They are signed by the maker, so it does not matter who hands them over. That there are none is never a pass.
"""

from pathlib import Path
from typing import Final

from attestation.errors import CouldNotCheck, VerificationError
from attestation.evidence.collateral import MAX_COLLATERAL_BYTES, Collateral, parse_collateral
from attestation.evidence.dcap import machine_kind
from attestation.evidence.maker_interface import MachineKind
from hmctl import files
from hmctl.client.outside import OutsideFailed
from hmctl.clock import Clock
from hmctl.errors import BadInput
from hmctl.trust import maker

FOLDER: Final = "collateral"
FRESH_SECONDS: Final = 86_400
FETCH_SECONDS: Final = 20.0


class CollateralUnavailable(CouldNotCheck):
    """The maker's statements about the machine could not be had."""

    code = "collateral_unavailable"
    check = "collateral"
    sentence = "The hardware maker's data about the machine could not be fetched."
    remedy = "Try again, name another source with HIVEMIND_PCCS_URL, or supply a file with HIVEMIND_COLLATERAL."


class CollateralSource:
    """Where one command gets statements from. `pccs_url` empty means the usual source."""

    def __init__(self, home: Path, *, clock: Clock, supplied: Path | None = None, pccs_url: str = "") -> None:
        self._folder = home / FOLDER
        self._clock = clock
        self._supplied = supplied
        self._pccs_url = pccs_url
        self._answers: dict[MachineKind, Collateral | CollateralUnavailable] = {}

    def find(self, quote: bytes) -> Collateral:
        """The statements that fit the quote's machine; nothing about them is verified yet.

        Raises CollateralUnavailable, CollateralMalformed, or the VerificationError of bytes that are no quote.
        """
        if self._supplied is not None:
            return self._read_supplied(self._supplied)
        machine = machine_kind(quote)
        if machine not in self._answers:
            self._answers[machine] = self._remembered(machine) or self._fetched(machine)
        answer = self._answers[machine]
        if isinstance(answer, CollateralUnavailable):
            raise answer
        return answer

    def _read_supplied(self, path: Path) -> Collateral:
        try:
            with path.open("rb") as file:
                return parse_collateral(file.read(MAX_COLLATERAL_BYTES + 1)).without_pck_chain()
        except OSError as problem:
            raise BadInput(f"cannot read {path}, which HIVEMIND_COLLATERAL names: {problem.strerror}") from None

    def _remembered(self, machine: MachineKind) -> Collateral | None:
        """What was fetched within a day and is valid now. A damaged file remembers nothing."""
        path, now = self._path(machine), self._clock.now()
        try:
            if not 0 <= now - path.stat().st_mtime < FRESH_SECONDS:
                return None
            found = parse_collateral((files.read(path) or "").encode("utf-8"))
            validity = found.validity()
        except (OSError, BadInput, VerificationError):
            return None
        return found.without_pck_chain() if validity.start <= now < validity.end else None

    def _fetched(self, machine: MachineKind) -> Collateral | CollateralUnavailable:
        try:
            told = maker.fetch(self._pccs_url, machine, clock=self._clock, timeout_seconds=FETCH_SECONDS)
            found = parse_collateral(told.to_json().encode("utf-8"))
        except (OutsideFailed, VerificationError):
            return CollateralUnavailable()
        try:
            files.private_dir(self._folder.parent)
            files.private_dir(self._folder)
            files.replace(self._path(machine), found.to_json())
        except BadInput:
            pass  # a home that cannot be written only costs the next command a fetch
        return found

    def _path(self, machine: MachineKind) -> Path:
        return self._folder / f"{machine.fmspc}-{machine.authority}.json"
