"""An examined service as people read it: proven facts, numbered checks, verdict."""

from typing import Final

from hmctl.render import columns
from hmctl.trust import attesting
from hmctl.trust.attesting import Attested

_LABELS: Final = {
    "app_id": "App",
    "compose_hash": "Build",
    "version": "Version",
    "instance_id": "Instance",
    "os_image_hash": "OS image",
    "key_provider": "Keys from",
    "tcb_status": "Firmware",
    "advisories": "Advisories",
    "run_signer_pubkey_b64": "Run signer",
    "certificate_sha256": "Certificate",
}


def attested(found: Attested) -> str:
    """Facts first, then every check with its number."""
    pairs = [("Service", found.service.url), ("Verdict", found.verdict)]
    if found.trust is not None:
        proven = attesting.facts(found.trust)
        pairs += [(label, proven[name]) for name, label in _LABELS.items() if proven.get(name)]
    rows = [(str(line.number), str(line.outcome), line.name, line.detail) for line in found.lines]
    return columns.labelled(pairs) + "\n\n" + columns.table(("#", "OUTCOME", "CHECK", "DETAIL"), rows)
