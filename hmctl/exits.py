"""Every exit code of the client, on one page.

| code | meaning |
| ---- | ------- |
| 0 | done |
| 1 | refused, failed or declined; also the failures of room, agents, sql, init, signup and profile commands |
| 2 | wrong usage; for owner, admin and trust commands: the service could not be reached |
| 2 | `receipt verify`: the receipt could not be checked |
| 3 | for owner, admin and trust commands: the service answered with an error |
| 4 | the service is not trusted; for `room ask`: the run failed |
| 5 | `room ask`: the run did not end in time |
| 6 | `room ask`: the signed run record was rejected |
| 1-7 | `trust attest --reproduce`: see the constants below; partial is never 0 |
"""

from dataclasses import dataclass
from typing import Final

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
HTTP_OWNER: Final = 3
NOT_TRUSTED: Final = 4
RUN_FAILED: Final = 4
WINDOW_OVER: Final = 5
RECORD_REJECTED: Final = 6
RECEIPT_UNDECIDED: Final = 2
# `trust attest --reproduce`; 1 for every other link that is partial or failed, 4 for the quote and the build's text
NOT_READY: Final = 2  # the service has no evidence
NO_APP_COMPOSE: Final = 3  # the build's text could not be had
NO_SOURCE: Final = 5  # the file at the commit could not be had
BAD_APP_COMPOSE: Final = 6  # the build's text is not understood
OTHER_COMPOSE_FILE: Final = 7  # the file at the commit is not what runs


@dataclass(frozen=True)
class Codes:
    """What a family of commands exits with when a call fails on the way or is answered with an error."""

    transport: int
    http: int


ROOM: Final = Codes(transport=FAILED, http=FAILED)
OWNER: Final = Codes(transport=USAGE, http=HTTP_OWNER)
