"""A cache of the hardware maker's statements, as clients fetch them by a machine's kind."""

import json
from urllib.parse import quote

from attestation.evidence.collateral import Collateral
from tests.conformance.network import Asked, Reply


def answer(asked: Asked, collateral: Collateral) -> Reply:
    """One of the five statements, with the certificates of its signer in a header."""
    name = asked.path.partition("/certification/v4/")[2] or asked.path.partition("/certification/v3/")[2]
    if name == "rootcacrl":
        return Reply(collateral.root_ca_crl.hex().encode(), content_type="text/plain")
    if name == "pckcrl":
        chain = {"SGX-PCK-CRL-Issuer-Chain": quote(collateral.pck_crl_issuer_chain)}
        return Reply(collateral.pck_crl, headers=chain, content_type="application/pkix-crl")
    if name == "tcb":
        body = _signed("tcbInfo", collateral.tcb_info, collateral.tcb_info_signature)
        chain = {"TCB-Info-Issuer-Chain": quote(collateral.tcb_info_issuer_chain)}
        return Reply(body, headers=chain | {"SGX-TCB-Info-Issuer-Chain": chain["TCB-Info-Issuer-Chain"]})
    if name == "qe/identity":
        body = _signed("enclaveIdentity", collateral.qe_identity, collateral.qe_identity_signature)
        return Reply(body, headers={"SGX-Enclave-Identity-Issuer-Chain": quote(collateral.qe_identity_issuer_chain)})
    return Reply({"detail": "unknown"}, 404)


def _signed(name: str, text: str, signature: bytes) -> bytes:
    return f'{{"{name}":{text},"signature":{json.dumps(signature.hex())}}}'.encode()
