"""Lies in the hardware quote itself: altered, cut, of another kind, of another machine."""

from collections.abc import Callable

from attestation.encoding import b64
from tests.conformance import actions as do
from tests.conformance import machine as machines
from tests.conformance.case import Case, Expect
from tests.conformance.machine import Machine, authority
from tests.conformance.setting import DEVELOPMENT, DEVELOPMENT_TLS, HARDWARE, Setting
from tests.conformance.world import DEVELOPMENT_ROOT, FORGER, MAKER, World

FORGED = Expect(4, "quote signature", "quote_forged")
MALFORMED = Expect(4, "quote layout", "quote_malformed")
CHAIN = Expect(4, "certificate chains", "chain_invalid")
_ASK = do.ask(by="link")
# Where in a quote of version 4 each part lies, and what a single changed bit there must lead to.
BITS: dict[str, tuple[int, Expect]] = {
    "header-user-data": (28, FORGED),
    "firmware-level": (48, FORGED),
    "module-measurement": (48 + 16, FORGED),
    "td-measurement": (48 + 136, FORGED),
    "configuration-id": (48 + 185, FORGED),
    "register-0": (48 + 328, FORGED),
    "register-3": (48 + 472, FORGED),
    "report-data": (48 + 520, FORGED),
    "signature": (636 + 8, FORGED),
    "attestation-key": (700 + 8, FORGED),
    "enclave-report": (770 + 64, FORGED),
    "enclave-report-signature": (1154 + 8, FORGED),
    "enclave-note": (1220 + 3, FORGED),
}


def _case(
    name: str, lie: str, change: Callable[[bytes], bytes], expect: Expect, *, setting: Setting = HARDWARE
) -> Case:
    def tell(world: World) -> None:
        world.service.change("quote", change)

    return Case(name=f"quote/{name}", lie=lie, tell=tell, action=_ASK, expect=expect, setting=setting)


def _flip(position: int) -> Callable[[bytes], bytes]:
    def change(quote: bytes) -> bytes:
        changed = bytearray(quote)
        changed[position] ^= 0x10
        return bytes(changed)

    return change


def _made_by(name: str) -> Callable[[World], None]:
    """Another root's machine that says the same about itself."""

    def tell(world: World) -> None:
        mine = world.service.machine
        other = Machine(root=name, facts=mine.facts, signer=mine.signer, keyset=mine.keyset)
        world.service.change("quote", lambda quote: other.quote(quote[568:632]))

    return tell


def _set(position: int, value: bytes) -> Callable[[bytearray], None]:
    def change(signed: bytearray) -> None:
        signed[position : position + len(value)] = value

    return change


def _as_hardware(world: World) -> None:
    """A development machine that hides what it is."""
    world.service.change("evidence", lambda wire: {k: v for k, v in wire.items() if k != "development"})


def _other_root_named(world: World) -> None:
    der = authority(FORGER).trust_root.der
    world.service.change("evidence", lambda w: w | {"development": w["development"] | {"root_ca_der_b64": b64(der)}})


def _debugged(world: World) -> None:
    mine = world.service.machine
    world.service.machine = Machine(
        root=mine.root, facts=mine.facts, signer=mine.signer, keyset=mine.keyset, debug=True
    )


ALTERED = [
    _case(f"bit-in-the-{name}", f"one bit of the quote's {name.replace('-', ' ')} is flipped", _flip(at), expect)
    for name, (at, expect) in BITS.items()
]
CUT = [
    _case(
        "bit-in-the-machine-certificate", "one bit of the machine's certificate is flipped", _flip(1258 + 300), CHAIN
    ),
    _case("truncated", "the last byte of the quote is missing", lambda quote: quote[:-1], MALFORMED),
    _case("half", "only half of the quote is there", lambda quote: quote[: len(quote) // 2], MALFORMED),
    _case("empty-signature", "the quote ends after the report", lambda quote: quote[:632], MALFORMED),
    _case("bytes-after-the-end", "something follows the quote", lambda quote: quote + b"more", MALFORMED),
    _case("not-a-quote", "random bytes take the quote's place", lambda quote: bytes(len(quote)), MALFORMED),
    _case("version-3", "the quote says it is of version 3", lambda quote: b"\x03" + quote[1:], MALFORMED),
    _case(
        "of-an-sgx-enclave",
        "the quote says that it comes from an SGX enclave",
        lambda quote: machines.resigned(quote, MAKER, change=_set(4, bytes(4))),
        Expect(4, "quote layout", "not_tdx"),
    ),
    _case(
        "debug-bit-set-afterwards",
        "the debug bit is set in a quote that was signed without it",
        lambda quote: quote[:168] + bytes([quote[168] | 1]) + quote[169:],
        Expect(4, "debug mode", "debug_machine"),
    ),
    _case(
        "version-5-altered",
        "a quote of version 5 with one bit flipped in its report",
        lambda quote: _flip(54 + 472)(machines.as_version_5(quote, MAKER)),
        FORGED,
    ),
]
OTHERS = [
    Case(
        name="quote/debug-machine",
        lie="the machine runs in debug mode, and its quote says so",
        tell=_debugged,
        action=_ASK,
        expect=Expect(4, "debug mode", "debug_machine"),
    ),
    Case(
        name="quote/of-a-forgers-root",
        lie="a quote with the same content, made under a root of the forger's own",
        tell=_made_by(FORGER),
        action=_ASK,
        expect=CHAIN,
    ),
    Case(
        name="quote/development-shown-as-hardware",
        lie="a development machine leaves out that it is one",
        tell=_as_hardware,
        action=_ASK,
        setting=Setting(evidence="development"),
        expect=Expect(4, "collateral", "collateral_unavailable"),
    ),
    Case(
        name="quote/development-under-another-root-than-named",
        lie="the development root that is named is not the one the quote leads to",
        tell=_other_root_named,
        action=_ASK,
        setting=DEVELOPMENT,
        expect=CHAIN,
    ),
    Case(
        name="quote/development-altered",
        lie="one bit of a development quote is flipped: development evidence is verified like any other",
        tell=lambda world: world.service.change("quote", _flip(48 + 136)),
        action=_ASK,
        setting=DEVELOPMENT,
        expect=FORGED,
    ),
    Case(
        name="quote/development-debugged",
        lie="a development machine in debug mode",
        tell=_debugged,
        action=_ASK,
        setting=DEVELOPMENT_TLS,
        expect=Expect(4, "debug mode", "debug_machine"),
    ),
    Case(
        name="quote/made-by-development-root-beside-hardware-claim",
        lie="the quote leads to a development root that the answer does not name",
        tell=_made_by(DEVELOPMENT_ROOT),
        action=_ASK,
        expect=CHAIN,
    ),
]
CASES = (*ALTERED, *CUT, *OTHERS)
