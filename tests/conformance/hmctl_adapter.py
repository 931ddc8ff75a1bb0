"""How hmctl is called, where it keeps its files, how its answers are read."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.conformance import certificates, setting
from tests.conformance.actions import Action
from tests.conformance.adapter import Command, Runs, Shown, Verdict, last_document
from tests.conformance.cases.links import tampered
from tests.conformance.machine import authority, issuers
from tests.conformance.setting import LOOPBACK
from tests.conformance.world import MAKER, World

_SWITCHES = {
    setting.ACCEPT_DEVELOPMENT: "--dangerously-accept-development-evidence",
    setting.ALLOW_DEGRADED: "--allow-degraded-attestation",
    setting.YES: "--yes",
    setting.SKIP: "--dangerously-skip-attestations",
}
_DECIDED = ("trust.json", "accepted-rooms.json", "profiles/*", "active")
_HERE = Path(__file__).resolve().parent


class Hmctl:
    """The client of this repository."""

    name = "hmctl"

    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    def home(self, world: World) -> Path:
        return world.folder / "home" / ".hivemind"

    def prepare(self, world: World) -> None:
        home, chosen = self.home(world), world.setting
        (home / "profiles").mkdir(mode=0o700, parents=True)
        home.chmod(0o700)
        profiles = {
            "here": (world.url, world.secrets.owner_key, "tenant"),
            "elsewhere": ("https://elsewhere.example", world.secrets.other_key, "tenant"),
            "operator": (world.url, world.secrets.admin_key, "admin"),
        }
        for name, (service, key, role) in profiles.items():
            if name == "here" and chosen.profile == "none":
                continue
            _write(home / "profiles" / f"{name}.yaml", f"api_key: {key}\nrole: {role}\nservice: {service}\n")
        _write(home / "active", "elsewhere" if chosen.profile == "elsewhere" else "here")
        if chosen.demands is not None:
            _write(home / "trust-policy.json", json.dumps({"version": 1} | _filled(world, chosen.demands)))
        if chosen.approved != "nothing":
            _write(home / "trust.json", json.dumps(_approval(world, other=chosen.approved == "another build")))
        _write(world.folder / "maker.der", authority(MAKER).trust_root.der)
        (world.folder / "agent").mkdir()
        _write(world.folder / "agent" / "agent.py", "print('hello')\n")

    def remembered(self, world: World) -> dict[str, bytes]:
        home = self.home(world)
        files = [path for name in _DECIDED for path in sorted(home.glob(name))]
        return {path.relative_to(home).as_posix(): path.read_bytes() for path in files}

    def call(self, world: World, action: Action, *, as_json: bool = True) -> Shown:
        made = _COMMANDS[action.name](world, action)
        wants = ("--json",) if as_json else ()
        switches = [_SWITCHES[name] for name in sorted(world.setting.switches)]
        command = Command((*switches, *made.arguments, *wants), made.typed)
        return self._runs(command, self._environment(world), folder=world.folder)

    def read(self, shown: Shown) -> Verdict:
        answer = last_document(shown.out)
        error = answer.get("error")
        if isinstance(answer.get("checks"), list) and not isinstance(error, dict):
            failed = [item for item in answer["checks"] if isinstance(item, dict) and item.get("status") == "fail"]
            error = failed[0] | {"check": failed[0].get("check") or failed[0].get("name")} if failed else {}
        told = error if isinstance(error, dict) else answer
        return Verdict(str(told.get("check") or ""), str(told.get("code") or ""))

    def _environment(self, world: World) -> dict[str, str]:
        home = self.home(world)
        chosen = {
            "HOME": str(home.parent),
            "HIVEMIND_HOME": str(home),
            "HIVEMIND_ADMIN_KEY": world.secrets.admin_key,
            "HTTPS_PROXY": f"http://{LOOPBACK}:{world.proxy.port}",
            "HTTP_PROXY": f"http://{LOOPBACK}:{world.proxy.port}",
            "NO_PROXY": LOOPBACK,
            "SSL_CERT_FILE": str(certificates.bundle(world.folder)),
            "NO_COLOR": "1",
            "PYTHONPATH": f"{_HERE / 'stand_in'}:{_HERE.parents[1]}",
            "CONFORMANCE_MAKER_ROOT": str(world.folder / "maker.der"),
        }
        if world.setting.evidence in ("hardware", "startup"):
            chosen |= _statements(world)
        return chosen | {name: value.replace("{build}", _build(world)) for name, value in _variables(world).items()}


def _variables(world: World) -> dict[str, str]:
    return world.setting.variables


def _build(world: World) -> str:
    return world.service.machine.facts.compose_hash


def _statements(world: World) -> dict[str, str]:
    if world.setting.statements == "cache service":
        return {"HIVEMIND_PCCS_URL": world.url_of_statements}
    path = world.folder / "collateral.json"
    _write(path, world.service.told("collateral text", world.service.collateral().to_json()))
    return {"HIVEMIND_COLLATERAL": str(path)}


def _filled(world: World, demands: dict[str, object]) -> dict[str, object]:
    text = json.dumps(demands)
    facts, registers = world.approved_machine.facts, world.approved_machine.measurements
    known = {
        "{service}": world.url,
        "{app}": facts.app_id,
        "{stranger}": world.stranger_url,
        "{key provider}": facts.key_provider.id.hex() if facts.key_provider else "",
        "{mr_td}": registers.mr_td.hex(),
        **{f"{{rtmr{index}}}": value.hex() for index, value in enumerate(registers.rtmrs)},
        "{registry}": world.url_of_registry,
        "{key service}": issuers(world.approved_machine.root, facts.app_id).root_public.hex(),
        "{os image}": facts.os_image_hash or "",
    }
    for name, value in known.items():
        text = text.replace(name, value)
    filled: dict[str, object] = json.loads(text)
    return filled


def _approval(world: World, *, other: bool) -> dict[str, object]:
    facts, at = world.approved_machine.facts, "2026-06-01T00:00:00Z"
    build = "ab" * 32 if other else facts.compose_hash
    entry = {
        "app_id": facts.app_id,
        "approved_compose_hash": build,
        "approved_at": at,
        "first_seen_at": at,
        "history": [{"hash": build, "approved_at": at}],
    }
    return {"version": 1, "services": {world.url: entry}}


def _write(path: Path, content: str | bytes) -> None:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(0o600)


def _room(world: World, action: Action) -> str:
    if "link" in action.options:
        return tampered(world, action.options["link"])
    return world.manifest.room_id if action.options.get("by") == "id" else world.link


def _ask(world: World, action: Action) -> Command:
    extra: list[str] = []
    if action.options.get("paid by") == "a spend token":
        extra += ["--payer-key", world.secrets.spend_token]
    if "at most" in action.options:
        extra += ["--max-cost", action.options["at most"].removeprefix("$")]
    if action.options.get("with") == "artifacts":
        extra += ["--fetch"]
    if action.options.get("with") == "receipt":
        extra += ["--receipt", str(world.folder / "receipt.json")]
    return Command(("room", "ask", _room(world, action), world.secrets.question, *extra))


def _receipt(world: World, action: Action) -> Command:
    extra = ["--accept-development"] if world.setting.evidence != "hardware" else []
    return Command(("receipt", "verify", str(world.folder / "receipt.json"), *extra))


def _profile(*words: str, profile: str = "") -> Callable[[World, Action], Command]:
    chosen = ("--profile", profile) if profile else ()
    return lambda world, action: Command((*chosen, *words))


def _on_room(*words: str, after: tuple[str, ...] = ()) -> Callable[[World, Action], Command]:
    return lambda world, action: Command((*words, _room(world, action), *after))


_COMMANDS: dict[str, Callable[[World, Action], Command]] = {
    "room inspect": _on_room("room", "inspect"),
    "room accept": _on_room("room", "accept"),
    "room ask": _ask,
    "room add-data": lambda w, a: Command(("room", "add-data", _room(w, a), w.secrets.vault_text)),
    "room data": _on_room("room", "data"),
    "room list": _profile("room", "list"),
    "room create": lambda w, a: Command(("room", "create", "aaaaaaaaaaaa", "--rules", w.secrets.vault_text)),
    "room trust": _on_room("room", "trust", after=("--approve-live",)),
    "room revoke": _on_room("room", "revoke", after=("--yes",)),
    "room runs": lambda w, a: Command(("room", "runs", next(iter(w.service.runs)), "--link", w.link)),
    "balance": _profile("balance"),
    "whoami": _profile("whoami"),
    "sql": lambda w, a: Command(("sql", f"SELECT '{w.secrets.vault_text}'")),
    "agents list": _profile("agents", "list"),
    "doctor": lambda w, a: Command(("doctor", *((_room(w, a),) if a.options.get("by") else ()))),
    "init": lambda w, a: Command(
        ("--profile", "new", "init", "--service", w.url, "--api-key", "-"), w.secrets.owner_key + "\n"
    ),
    "signup": lambda w, a: Command(("--profile", "new", "signup", w.secrets.vault_text[:40], "--service", w.url)),
    "rotate-key": _profile("rotate-key", "--yes"),
    "redeem-credit": lambda w, a: Command(("redeem-credit", "-"), w.secrets.spend_token + "\n"),
    "spend-tokens mint": _profile("spend-tokens", "mint", "--limit", "1.00"),
    "admin tenants list": _profile("admin", "tenants", "list", profile="operator"),
    "admin billing grant": lambda w, a: Command(
        ("--profile", "operator", "admin", "billing", "grant", "t_0123456789ab", "1.00", "--note", w.secrets.vault_text)
    ),
    "trust attest": lambda w, a: Command(("trust", "attest", "--service", w.url)),
    "trust approve": lambda w, a: Command(("trust", "approve", w.url)),
    "trust show": _profile("trust", "show"),
    "trust pin create": lambda w, a: Command(("trust", "pin", "create", "--live", "--yes")),
    "receipt verify": _receipt,
    "receipt get": lambda w, a: Command(("receipt", "get", next(iter(w.service.runs)), "--link", w.link)),
}
