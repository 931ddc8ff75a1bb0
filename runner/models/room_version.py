"""The signed terms that runs were made under, after the room has moved on."""

from django.db import models

from rooms.models import Room


class RoomVersion(models.Model):
    """One version of a room's envelope, canonical and with its signature, kept since its first run."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="versions")
    manifest_hash = models.CharField(max_length=64)
    envelope = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("room_id", "created_at")
        constraints = [models.UniqueConstraint(fields=["room", "manifest_hash"], name="one_room_version_of_a_hash")]

    def __str__(self) -> str:
        return self.manifest_hash
