"""What the operator's settings add to the evidence: the registry of builds."""

from attestation.evidence.bundle import AppAuth
from hivemind.kit.conf import conf


def app_auth() -> AppAuth:
    """Where the operator registers builds; all empty unless a contract is set."""
    if not conf.evidence.app_auth_contract:
        return AppAuth()
    return AppAuth(
        contract=conf.evidence.app_auth_contract,
        chain_id=conf.evidence.app_auth_chain_id,
        rpc_url=conf.evidence.app_auth_rpc_url,
        explorer_base_url=conf.evidence.app_auth_explorer_base_url,
    )
