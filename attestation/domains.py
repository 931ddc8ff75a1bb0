"""Every tag that separates one use of a hash or a key from another, in one table.

The first group belongs to the protocol and must never change. The second is ours; a tag is retired by adding
a new version, never by giving it a second meaning.
"""

from typing import Final

OWNER_SIGNING_KEY: Final = b"hivemind:tenant-sign:v1"
RUN_SIGNING_KEY: Final = b"hivemind-runs-v1|"
TLS_KEY: Final = b"hivemind-tls-v1|"
REPORT_DATA_V1: Final = b"hivemind-core-v1"
REPORT_DATA_V2: Final = b"hivemind-core-v2"
CONFIG_DOCUMENT: Final = b"dstack-mr-config-v3:"

SOURCE_TREE: Final = b"hivemind:source-tree:v1"
BEARER_KEK: Final = b"hivemind:bearer-kek:v1"
KEY_WRAP: Final = b"hivemind:key-wrap:v1"
KEY_ID: Final = b"hivemind:key-id:v1"
SEAL_CONTEXT: Final = b"hivemind:seal-context:v1"
HANDOFF: Final = b"hivemind:handoff:v1"
REPORT_DATA_V3: Final = b"hivemind:report-data:v3"
RUN_SIGNER_CHAIN: Final = b"hivemind:run-signer-chain:v1"
KEYSET: Final = b"hivemind:keyset:v1"
DEVELOPMENT_EVIDENCE: Final = b"hivemind:development-evidence:v1"
RECEIPT_EVIDENCE: Final = b"hivemind:receipt-evidence:v1"
ROOM_REVOCATION: Final = b"hivemind:room-revocation:v1"
