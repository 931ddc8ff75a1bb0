"""A room's key, wrapped for each holder of a right to it."""

from django.db import models

from rooms.models.room import Room


class RoomKeyWrap(models.Model):
    """The room key under one other key.

    `holder` is `owner` (under the tenant's root key), `query:<token id>` or `share:<token id>` (under a key derived
    from that bearer and `salt`). Revoking a bearer deletes its wrap.
    """

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="key_wraps")
    holder = models.CharField(max_length=40)
    salt = models.BinaryField(max_length=64, default=b"")
    wrapped = models.BinaryField(max_length=256)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("room_id", "holder")
        constraints = [models.UniqueConstraint(fields=["room", "holder"], name="one_room_wrap_per_holder")]

    def __str__(self) -> str:
        return f"{self.room_id} for {self.holder}"
