"""The flags of `room create` as values: which agents are packed, which are named by id, and the terms."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from attestation.manifests import normalise
from hmctl import ids
from hmctl.client import wire
from hmctl.errors import BadInput, BadUsage
from hmctl.packages import packing
from hmctl.packages.packing import Package
from hmctl.packages.uploads import Role
from hmctl.rooms.creating import Terms
from hmctl.runs import question

_DEFAULT_PROVIDERS: Final = ("openrouter",)
_LABELS: Final[Mapping[Role, str]] = {
    "scope": "SCOPE",
    "query": "--query-agent",
    "mediator": "--mediator-agent",
}


@dataclass(frozen=True)
class Source:
    """One agent of the room: a package to upload, or the id of a registered agent."""

    package: Package | None
    agent_id: str
    sealed: bool


@dataclass(frozen=True)
class Options:
    """What was asked for. `terms` lacks the ids of agents that are yet to be uploaded."""

    terms: Terms
    sources: dict[Role, Source]
    expires_in_seconds: int | None
    agent_timeout_seconds: int | None
    build_window_seconds: float
    dry_run: bool
    as_json: bool

    def settled(self, *, now: float, live_build: str | None) -> "Options":
        """With the moment of expiry, and the running build where a mode that restricts builds names none (BadInput)."""
        terms = self.terms
        if self.expires_in_seconds is not None:
            terms = replace(terms, expires_at=float(int(now) + self.expires_in_seconds))
        if terms.expires_at is not None and terms.expires_at <= now:
            raise BadInput("the room would have expired before it exists")
        if terms.trust_mode != normalise.OPERATOR_UPDATES and not terms.composes:
            if live_build is None:
                raise BadInput(
                    f"--trust-mode {terms.trust_mode} would accept the build that runs now, and none is proven",
                    hint="Name the builds yourself with --compose HASH.",
                )
            terms = replace(terms, composes=(live_build,))
        return replace(self, terms=terms)

    def terms_with(self, uploaded: Mapping[Role, str]) -> Terms:
        """The terms with every agent's id in its place."""
        found = {role: uploaded.get(role) or source.agent_id for role, source in self.sources.items()}
        return replace(
            self.terms,
            scope_agent_id=found["scope"],
            query_agent_id=found.get("query"),
            mediator_agent_id=found.get("mediator"),
        )


def read(given: Mapping[str, object]) -> Options:
    """Options from click's values; packs what is to be uploaded (BadUsage, BadInput)."""
    _check_exclusive(given)
    sources = _sources(given)
    return Options(
        terms=_terms(given, sources),
        sources=sources,
        expires_in_seconds=wire.whole(given, "expires_in"),
        agent_timeout_seconds=wire.whole(given, "agent_timeout"),
        build_window_seconds=float(wire.whole(given, "build_timeout") or 600),
        dry_run=bool(given["dry_run"]),
        as_json=bool(given["as_json"]),
    )


def _check_exclusive(given: Mapping[str, object]) -> None:
    pairs = (
        ("--rules", "rules", "--rules-file", "rules_file"),
        ("--query-agent", "query_agent", "--uploadable-query", "uploadable_query"),
        ("--llm-provider", "llm_provider", "--no-llm", "no_llm"),
        ("--expires-in", "expires_in", "--expires-at", "expires_at"),
    )
    for first, first_name, second, second_name in pairs:
        if given[first_name] and given[second_name]:
            raise BadUsage(f"{first} and {second} exclude each other")
    if given["trust_mode"] == "operator_updates" and given["compose"]:
        raise BadUsage("--compose means nothing under --trust-mode operator_updates")


def _sources(given: Mapping[str, object]) -> dict[Role, Source]:
    arguments: dict[Role, str] = {
        "scope": wire.text(given, "scope"),
        "query": wire.text(given, "query_agent"),
        "mediator": wire.text(given, "mediator_agent"),
    }
    return {
        role: _source(
            role,
            argument,
            private=_texts(given, f"{role}_private"),
            allow_secrets=bool(given["allow_secrets"]),
            sealed=given[f"{role}_visibility"] == "sealed",
        )
        for role, argument in arguments.items()
        if argument or role == "scope"
    }


def _source(role: Role, argument: str, *, private: tuple[str, ...], allow_secrets: bool, sealed: bool) -> Source:
    path = Path(argument).expanduser()
    if argument and path.exists():
        return Source(packing.pack(path, private=private, allow_secrets=allow_secrets), "", sealed)
    if not argument or packing.looks_like_path(argument):
        raise BadInput(
            f"{_LABELS[role]}: there is no {argument!r} here",
            hint="Give a folder, a .tar.gz file or an agent id.",
        )
    if private:
        raise BadUsage(f"--{role}-private needs a package to upload, not an agent id")
    return Source(None, ids.checked(argument, what="agent"), sealed)


def _terms(given: Mapping[str, object], sources: Mapping[Role, Source]) -> Terms:
    policy_file, rules_file = given["policy_file"], given["rules_file"]
    providers = () if given["no_llm"] else _texts(given, "llm_provider") or _DEFAULT_PROVIDERS
    mode = "fixed" if "query" in sources else "uploadable" if given["uploadable_query"] else None
    return Terms(
        name=wire.text(given, "name"),
        rules=question.text_of(rules_file) if isinstance(rules_file, Path) else wire.text(given, "rules"),
        policy=question.text_of(policy_file) if isinstance(policy_file, Path) else None,
        scope_agent_id=sources["scope"].agent_id,
        query_mode=mode,
        query_agent_id=sources["query"].agent_id if "query" in sources else None,
        query_visibility=wire.text(given, "query_visibility"),
        mediator_agent_id=sources["mediator"].agent_id if "mediator" in sources else None,
        mediator_visibility=wire.text(given, "mediator_visibility") if "mediator" in sources else None,
        output_visibility=wire.text(given, "output_visibility"),
        llm_providers=providers,
        allow_artifacts=bool(given["allow_artifacts"]),
        allowed_tables=_texts(given, "allowed_table"),
        trust_mode=wire.text(given, "trust_mode"),
        composes=tuple(dict.fromkeys(normalise.normalise_composes(_texts(given, "compose")))),
        expires_at=wire.number(given, "expires_at"),
        require_row_policies=bool(given["require_row_policies"]),
    )


def _texts(given: Mapping[str, object], name: str) -> tuple[str, ...]:
    values = given.get(name)
    return tuple(str(value) for value in values) if isinstance(values, tuple) else ()
