import base64
import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attestation.errors import CouldNotCheck, EncodingError
from attestation.evidence.compose_hash import ComposeSource, prove_compose_hash
from attestation.evidence.config_identity import ConfigIdentity, config_id_digest, document_digest, read_document
from attestation.evidence.errors import ComposeHashConflict, ComposeHashUnknown, ConfigIdMalformed
from attestation.evidence.event_log import check_event_log, parse_event_log
from attestation.evidence.identity import KeyProvider, KeyProviderKind, read_boot_facts
from attestation.evidence.quote import read_quote
from attestation.keccak import keccak256
from tests.attestation import invented

FACTS, COMPOSE = invented.FACTS, invented.COMPOSE
IDENTITY = ConfigIdentity(
    compose_hash=COMPOSE, app_id=FACTS.app_id, key_provider=KeyProvider(KeyProviderKind.KMS, b"key of the key service")
)
DOCUMENT = json.dumps(
    {
        "app_id": FACTS.app_id,
        "compose_hash": COMPOSE,
        "instance_id": FACTS.instance_id,
        "key_provider": "kms",
        "key_provider_id": b"key of the key service".hex(),
        "version": 3,
    }
)
CASES = json.loads((Path(__file__).parents[1] / "vectors" / "evidence.json").read_text())["config_ids"]
UNSET, STATED = bytes(48), invented.CONFIG_ID


def config_id(kind: int, value: bytes) -> bytes:
    return bytes([kind]) + value + bytes(15)


DIGESTED, DOCUMENTED = config_id(2, config_id_digest(IDENTITY)), config_id(3, document_digest(DOCUMENT))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["mr_config_id_hex"][:70])
def test_a_configuration_id_alone_names_the_build_only_where_it_states_it(case: dict[str, Any]) -> None:
    value = bytes.fromhex(case["mr_config_id_hex"].removeprefix("0x"))
    if len(value) != 48 or any(value[33:]):
        with pytest.raises(ConfigIdMalformed):
            prove_compose_hash(value, facts=None)
        return
    if not case["compose_hash"]:
        with pytest.raises(ComposeHashUnknown) as refused:
            prove_compose_hash(value, facts=None)
        assert isinstance(refused.value, CouldNotCheck)
        return
    proven = prove_compose_hash(value, facts=None)
    assert (proven.value, proven.sources) == (case["compose_hash"], (ComposeSource.CONFIG_ID,))


@pytest.mark.parametrize("name", sorted(invented.MOCK["quotes_b64"]))
def test_golden_quotes_name_the_build_through_id_and_register(name: str) -> None:
    body = read_quote(base64.b64decode(invented.MOCK["quotes_b64"][name]))
    facts = read_boot_facts(check_event_log(parse_event_log(json.dumps(invented.MOCK["event_log"])), body=body))
    if name == "mr_config_id_type2":
        with pytest.raises(ComposeHashConflict):
            prove_compose_hash(body.mr_config_id, facts=facts)
        return
    proven = prove_compose_hash(body.mr_config_id, facts=facts)
    assert proven.value == invented.MOCK["compose_hash"]
    first = [] if name == "zero_mr_config_id" else [ComposeSource.CONFIG_ID]
    assert list(proven.sources) == [*first, ComposeSource.RUNTIME_REGISTER]


@pytest.mark.parametrize(
    ("value", "opened", "sources"),
    [
        (UNSET, {"facts": FACTS}, [ComposeSource.RUNTIME_REGISTER]),
        (STATED, {"facts": None}, [ComposeSource.CONFIG_ID]),
        (STATED, {"facts": FACTS}, [ComposeSource.CONFIG_ID, ComposeSource.RUNTIME_REGISTER]),
        (DIGESTED, {"facts": None, "identity": IDENTITY}, [ComposeSource.CONFIG_ID_DIGEST]),
        (DIGESTED, {"facts": FACTS}, [ComposeSource.CONFIG_ID_DIGEST, ComposeSource.RUNTIME_REGISTER]),
        (DOCUMENTED, {"facts": None, "document": DOCUMENT}, [ComposeSource.CONFIG_DOCUMENT]),
        (
            DOCUMENTED,
            {"facts": FACTS, "document": DOCUMENT},
            [ComposeSource.CONFIG_DOCUMENT, ComposeSource.RUNTIME_REGISTER],
        ),
        (DOCUMENTED, {"facts": FACTS}, [ComposeSource.RUNTIME_REGISTER]),
    ],
)
def test_the_build_is_proven_by_every_source_there_is(
    value: bytes, opened: dict[str, Any], sources: list[ComposeSource]
) -> None:
    proven = prove_compose_hash(value, **opened)
    assert (proven.value, list(proven.sources)) == (COMPOSE, sources)


@pytest.mark.parametrize("value", [UNSET, DIGESTED, DOCUMENTED], ids=["unset", "digest", "document"])
def test_without_anything_to_open_it_an_id_is_no_verdict(value: bytes) -> None:
    with pytest.raises(ComposeHashUnknown):
        prove_compose_hash(value, facts=None)


@pytest.mark.parametrize(
    ("value", "opened"),
    [
        (STATED, {"facts": dataclasses.replace(FACTS, compose_hash="c1" * 32)}),
        (DIGESTED, {"facts": dataclasses.replace(FACTS, compose_hash="c1" * 32)}),
        (DIGESTED, {"facts": dataclasses.replace(FACTS, app_id="a1" * 20)}),
        (DIGESTED, {"facts": dataclasses.replace(FACTS, key_provider=KeyProvider(KeyProviderKind.TPM, b"x"))}),
        (DIGESTED, {"facts": None, "identity": dataclasses.replace(IDENTITY, app_id="a1" * 20)}),
        (DIGESTED, {"facts": dataclasses.replace(FACTS, app_id="a1" * 20), "identity": IDENTITY}),
        (DOCUMENTED, {"facts": None, "document": DOCUMENT + " "}),
        (DOCUMENTED, {"facts": None, "document": DOCUMENT.replace("c0", "c1")}),
        (DOCUMENTED, {"facts": dataclasses.replace(FACTS, compose_hash="c1" * 32), "document": DOCUMENT}),
        (DOCUMENTED, {"facts": dataclasses.replace(FACTS, instance_id="11" * 20), "document": DOCUMENT}),
        (
            DOCUMENTED,
            {
                "facts": dataclasses.replace(FACTS, key_provider=KeyProvider(KeyProviderKind.KMS, b"x")),
                "document": DOCUMENT,
            },
        ),
    ],
)
def test_sources_that_disagree_are_refused(value: bytes, opened: dict[str, Any]) -> None:
    with pytest.raises(ComposeHashConflict) as refused:
        prove_compose_hash(value, **opened)
    assert not isinstance(refused.value, CouldNotCheck)


def test_the_digests_are_over_exactly_these_bytes() -> None:
    by_hand = bytes.fromhex(COMPOSE + FACTS.app_id) + b"\x02key of the key service"
    assert config_id_digest(IDENTITY) == keccak256(by_hand)
    assert document_digest("{}") == hashlib.sha256(b"dstack-mr-config-v3:\x00{}").digest()
    with pytest.raises(EncodingError):
        config_id_digest(dataclasses.replace(IDENTITY, app_id="a0"))


def test_a_document_may_leave_out_what_is_optional() -> None:
    short = json.dumps({"app_id": FACTS.app_id, "compose_hash": COMPOSE, "key_provider": "none"})
    read = read_document(short)
    assert (read.instance_id, read.key_provider) == (None, KeyProvider(KeyProviderKind.NONE, b""))


@pytest.mark.parametrize(
    "document",
    [
        "",
        "[]",
        "{}",
        "\ud800",
        "x" * 100_000,
        DOCUMENT.replace('"version": 3', '"version": 4'),
        DOCUMENT.replace('"version"', '"more"'),
        DOCUMENT.replace('"kms"', '"friend"'),
        DOCUMENT.replace(COMPOSE, COMPOSE.upper()),
        DOCUMENT.replace(COMPOSE, COMPOSE[2:]),
        DOCUMENT.replace(FACTS.app_id, ""),
        DOCUMENT[:-1] + ', "version": 3}',
    ],
)
def test_a_document_of_another_form_is_refused(document: str) -> None:
    with pytest.raises(ConfigIdMalformed):
        read_document(document)


@given(st.binary(min_size=48, max_size=48), st.text(), st.booleans())
def test_no_configuration_id_makes_the_reader_fail_otherwise(value: bytes, document: str, known: bool) -> None:
    for tried in (value, bytes([value[0] % 4]) + value[1:33] + bytes(15)):
        try:
            proven = prove_compose_hash(tried, facts=FACTS if known else None, document=document)
        except (ConfigIdMalformed, ComposeHashConflict, ComposeHashUnknown):
            continue
        assert proven.sources
