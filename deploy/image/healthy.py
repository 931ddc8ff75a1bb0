"""Whether the web server in this container answers, over its own TLS. The exit status says it."""

import http.client
import os
import ssl
import sys
from urllib.parse import urlsplit

SECONDS = 8.0


def answers() -> bool:
    """Ask for the health under the public name. Nobody else can listen at this container's loopback."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", 8100, timeout=SECONDS, context=context)
    try:
        host = urlsplit(os.environ["HIVEMIND_PUBLIC_URL"]).hostname or "localhost"
        connection.request("GET", "/v1/healthz", headers={"Host": host})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False


if __name__ == "__main__":
    sys.exit(0 if answers() else 1)
