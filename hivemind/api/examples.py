"""Examples for the OpenAPI document: one plausible body for each of the operations that people write by hand first."""

from typing import Any, Final

ROOM_ID: Final = "room_5e0c1a9b77d2"
AGENT_ID: Final = "d1c0a7be42f3"
RUN_ID: Final = "8f4b21c09ae6"
PIN: Final = {
    "schema_version": 1,
    "tenant_id": "t_64c12e8151e0",
    "allowed_composes": ["ab" * 32],
    "scope_agent_id": AGENT_ID,
    "attested_files_digest": "dd" * 32,
    "issued_at": 1_760_000_000,
    "exp": 0,
    "signer_pubkey": "fnXdSeMu+nUgdvEdCmKcTEzcigoDss7DJ3qtca48/rk=",
    "signature": "B2Ryr63n1PtVaGPzZGZs2GNggigcLofxIodAKS0sFJ5cMexahYmpWdGRuMNrRA2WfCPo9BkJ4pbwgPoFNo+2BQ==",
}

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
    "compose_pins_create": {"envelope": PIN},
    "signup": {"name": "ana"},
    "billing_redeem": {"credit_code": "hmcc_..."},
    "spend_tokens_create": {"limit_usd": "2.50", "expires_in_seconds": 86_400, "room_id": ROOM_ID, "label": "laptop"},
    "admin_credit_codes_create": {"credit_usd": "3.00", "max_redemptions": 100, "label": "launch"},
    "admin_billing_grant": {"amount_usd": "25.00", "note": "invoice 2041"},
    "admin_billing_debit": {"amount_usd": "5.00", "note": "granted twice by mistake"},
    "admin_billing_refund": {"amount_usd": "0.057144", "note": "the answer was empty", "run_id": RUN_ID},
    "admin_prices_set": {
        "provider": "openrouter",
        "model": "moonshotai/kimi-k2.6",
        "prompt_usd_per_million": "0.75",
        "completion_usd_per_million": "3.50",
    },
}

# By operationId: what comes back when all is well.
ANSWERS: Final[dict[str, Any]] = {
    "healthz": {
        "status": "ok",
        "version": "0.3.7",
        "features": ["client_nonce", "cancel", "share_links", "quotes", "spend_tokens", "query_agents"],
    },
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
    "compose_pins_create": {"pin_id": "284388bc459a", "tenant_id": "t_64c12e8151e0", "envelope": PIN},
    "compose_pins_latest": {
        "pin_id": "284388bc459a",
        "tenant_id": "t_64c12e8151e0",
        "envelope": PIN,
        "created_at": 1_760_000_001.0,
        "revoked_at": None,
    },
    "compose_pins_revoke": {"status": "ok", "pin_id": "284388bc459a"},
    "tenant_rotate_key": {"tenant_id": "t_64c12e8151e0", "api_key": "hmk_..."},
    "signup": {
        "tenant_id": "t_64c12e8151e0",
        "name": "ana",
        "api_key": "hmk_...",
        "starter_credit_micro_usd": 3_000_000,
        "balance_micro_usd": 3_000_000,
    },
    "billing_retrieve": {
        "tenant_id": "t_64c12e8151e0",
        "balance_micro_usd": 9_995_750,
        "held_micro_usd": 0,
        "spent_micro_usd": 4_250,
        "credited_micro_usd": 10_000_000,
        "enforce_credits": True,
        "ledger": [
            {
                "entry_id": "ble_00112233445566778899aabb",
                "tenant_id": "t_64c12e8151e0",
                "created_at": 1_760_000_100.0,
                "kind": "usage_charge",
                "run_id": RUN_ID,
                "amount_micro_usd": -4_250,
                "metadata": {"billable_role": "query", "missing_prices": []},
            }
        ],
        "spending": [{"date": "2025-10-09", "spent_micro_usd": 4_250, "run_count": 1}],
    },
    "billing_redeem": {
        "code_id": "cc_8da8e3a904ace1d2",
        "redemption_id": "ccr_0f1e2d3c4b5a69788796a5b4",
        "credit_micro_usd": 3_000_000,
        "balance_micro_usd": 3_000_000,
    },
    "spend_tokens_create": {
        "token_id": "7828d11daf29",
        "token": "hmp_...",
        "label": "laptop",
        "limit_micro_usd": 2_500_000,
        "committed_micro_usd": 0,
        "room_id": ROOM_ID,
        "service": "",
        "expires_at": 1_760_086_400.0,
        "created_at": 1_760_000_000.0,
        "revoked_at": None,
    },
}
