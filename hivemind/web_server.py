"""How gunicorn serves the web: `gunicorn --config python:hivemind.web_server hivemind.wsgi:application`.

The names are gunicorn's settings; what its command line says comes before them. With HIVEMIND_ENCLAVE_TLS it ends TLS
itself, and where the guest agent gives no key it does not start.
"""

import os
import ssl
import sys
from typing import Any, Final

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hivemind.settings.base")

from attestation.server.errors import EvidenceUnavailable
from attestation.server.services import enclave_start
from hivemind.kit.conf import conf
from hivemind.tls import CertificateFile, server_context


def _terminate() -> tuple[ssl.SSLContext, CertificateFile] | None:
    try:
        certificate = enclave_start.certificate_at_start()
    except EvidenceUnavailable as error:
        sys.exit(enclave_start.why_not(error))
    return None if certificate is None else (server_context(certificate), CertificateFile(certificate))


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


_ENDED_HERE: Final = _terminate()

bind = _address(conf.service.host, conf.service.port)
worker_class = "hivemind.web_worker.DeadlineWorker"
workers, threads = 2, 8
keepalive, graceful_timeout, timeout = 30, 10, 120
worker_tmp_dir = "/dev/shm"  # noqa: S108 - gunicorn's own heartbeat files
control_socket_disable = True
preload_app = True  # the program is read once and shared
do_handshake_on_connect = False  # in a thread, where it has a bound
certfile = None if _ENDED_HERE is None else _ENDED_HERE[1].path


def ssl_context(config: Any, default: Any) -> ssl.SSLContext:
    """The one context of all connections. gunicorn asks only when there is a `certfile`."""
    if _ENDED_HERE is None:
        raise RuntimeError("TLS ends elsewhere")
    return _ENDED_HERE[0]
