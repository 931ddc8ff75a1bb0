"""The hardware maker's statements in a receipt, so that its file can be checked later without a connection.

A service need not have any, and those that it has need not be the right ones. This machine gets its own, as it does to
examine a service; whether they fit is found out when the receipt is verified.
"""

import json
from collections.abc import Mapping

from attestation.encoding import unhex
from attestation.errors import EncodingError, VerificationError
from hmctl.app import App
from hmctl.client import wire
from hmctl.client.transport import JsonObject


def complete(app: App, receipt: JsonObject) -> JsonObject:
    """The receipt with the statements for its quote, as far as they can be had; says when there are none.

    Development evidence comes with its own, and a receipt without a quote needs none.
    """
    evidence = wire.obj(receipt, "evidence")
    if evidence.get("ready") is not True or isinstance(evidence.get("development"), Mapping):
        return receipt
    from hmctl.trust.collateral import CollateralSource  # what verifies quotes is loaded only where there is one

    source = CollateralSource(
        app.settings.home,
        clock=app.clock,
        supplied=app.settings.collateral_file,
        pccs_url=app.settings.pccs_url or app.demands.pccs_url,
    )
    try:
        found = source.find(unhex(wire.text(wire.obj(evidence, "attestation"), "tdx_quote_hex")))
    except (VerificationError, EncodingError) as problem:
        if receipt.get("collateral") is None:
            app.terminal.warn(f"the receipt cannot be checked without --collateral FILE: {problem}")
        return receipt
    return {**receipt, "collateral": json.loads(found.to_json())}
