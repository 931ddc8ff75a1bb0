"""Stopping what runs when a right to a room ends."""

from rooms.hooks import Revocation
from runner.models import Run
from runner.services import runs


def stop_work(revocation: Revocation) -> None:
    """Ask the runs of the room, or of the one bearer, to stop. Called inside the revocation's transaction."""
    concerned = Run.objects.filter(room_id=revocation.room_id)
    if not revocation.whole_room:
        concerned = concerned.filter(issuer_token_id=revocation.token_id)
    runs.request_stop(concerned, actor=revocation.actor)
