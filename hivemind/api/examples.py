"""Examples for the OpenAPI document: one plausible body for each of the operations that people write by hand first."""

from typing import Any, Final

ROOM_ID: Final = "room_5e0c1a9b77d2"
AGENT_ID: Final = "d1c0a7be42f3"
RUN_ID: Final = "8f4b21c09ae6"

# By operationId: what is sent.
REQUESTS: Final[dict[str, dict[str, Any]]] = {
    "rooms_create": {
        "name": "watch history",
        "rules": "Totals over groups of at least 20 viewers. Nothing about one viewer.",
        "scope_agent_id": AGENT_ID,
        "query_mode": "uploadable",
        "allowed_tables": ["watch_history"],
        "egress": {"llm_providers": [], "allow_artifacts": False},
        "trust": {"mode": "operator_updates"},
    },
    "rooms_trust": {"mode": "owner_approved", "allowed_composes": ["ab" * 32]},
    "room_data_add": {"text": "Round nothing.", "metadata": {"source": "house-style"}},
    "room_runs_create": {"query": "How many seconds were watched in each category?", "client_nonce": "0f" * 32},
    "tenant_sql": {"sql": "SELECT count(*) AS n FROM watch_history WHERE category = %s", "params": ["music"]},
    "tenant_unseal": {"previous_key": "hmk_..."},
}

# By operationId: what comes back when all is well.
ANSWERS: Final[dict[str, Any]] = {
    "healthz": {"status": "ok", "version": "0.3.7", "features": ["client_nonce", "cancel", "share_links", "quotes"]},
    "rooms_key": {"room_id": ROOM_ID, "open": True, "wrap_count": 2, "item_count": 1},
    "rooms_revoke": {"status": "ok", "room_id": ROOM_ID, "invites_revoked": 1, "share_link_disabled": False},
    "room_data_delete": {"status": "ok", "room_id": ROOM_ID, "item_id": "4c1d90aa53ef"},
    "room_agents_create": {"agent_id": AGENT_ID, "run_id": RUN_ID, "status": "pending"},
    "room_agents_delete": {"status": "ok"},
    "room_runs_create": {
        "run_id": RUN_ID,
        "query_agent_id": "b7e2f0c81d35",
        "scope_agent_id": AGENT_ID,
        "room_id": ROOM_ID,
        "status": "pending",
    },
    "tenant_sql": {"rows": [{"n": 2000}], "rowcount": 1},
    "tenant_rotate_key": {"tenant_id": "t_64c12e8151e0", "api_key": "hmk_..."},
}
