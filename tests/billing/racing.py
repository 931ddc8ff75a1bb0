"""Acts that begin at the same moment, each in a thread with a database connection of its own."""

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection, connections


def race(*acts: Callable[[], Any]) -> list[Any]:
    """What each act returned, or the exception that it raised, in the order of the acts."""
    start = threading.Barrier(len(acts))
    outcomes: list[Any] = [None] * len(acts)

    def play(place: int) -> None:
        try:
            connection.ensure_connection()
            start.wait(10)
            outcomes[place] = acts[place]()
        except Exception as error:
            outcomes[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=play, args=(place,)) for place in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"
    return outcomes
