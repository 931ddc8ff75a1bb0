"""Quotes of real machines. They are not part of this repository; tests that need them say so when they skip."""

import json
from pathlib import Path
from typing import Any

import pytest

from attestation.evidence.collateral import Collateral, parse_collateral

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "attestation-samples"
VALID_AT = 1752919234


def sample(name: str) -> bytes:
    path = SAMPLES / name
    if not path.exists():
        pytest.skip(f"the genuine sample {name} is not on this machine")
    return path.read_bytes()


def quote() -> bytes:
    return sample("tdx_quote")


def collateral() -> Collateral:
    return parse_collateral(sample("tdx_quote_collateral.json"))


def answer(name: str) -> dict[str, Any]:
    """What a guest agent answered: quote, event log and more."""
    read: dict[str, Any] = json.loads(sample(name))
    return read
