"""A cache of the hardware maker's statements, as it answers on the wire."""

from urllib.parse import quote as quoted

from tests.hmctl import enclave as enclaves
from tests.hmctl.http_service import Asked, HttpService, Reply


class Cache(HttpService):
    """Hands over the statements about the machine of the tests, as caches of the maker do."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.broken = False
        super().__init__()

    def respond(self, asked: Asked) -> Reply:
        name = asked.path.partition("/certification/v4/")[2]
        self.asked.append(name)
        told = enclaves.statements()
        if self.broken:
            return Reply({"detail": "down"}, 503)
        if name == "rootcacrl":
            return Reply(told.root_ca_crl.hex().encode(), content_type="text/plain")
        if name == "pckcrl":
            chain = {"SGX-PCK-CRL-Issuer-Chain": quoted(told.pck_crl_issuer_chain)}
            return Reply(told.pck_crl, headers=chain, content_type="application/pkix-crl")
        if name == "tcb":
            chain = {"TCB-Info-Issuer-Chain": quoted(told.tcb_info_issuer_chain)}
            return Reply(_signed("tcbInfo", told.tcb_info, told.tcb_info_signature), headers=chain)
        chain = {"SGX-Enclave-Identity-Issuer-Chain": quoted(told.qe_identity_issuer_chain)}
        return Reply(_signed("enclaveIdentity", told.qe_identity, told.qe_identity_signature), headers=chain)


def _signed(name: str, text: str, signature: bytes) -> bytes:
    return f'{{"{name}":{text},"signature":"{signature.hex()}"}}'.encode()
