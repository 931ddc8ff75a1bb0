"""Invites: bearers that open one room for asking."""

from django.db import models

from rooms.models.room import Room


class Invite(models.Model):
    """One invite. Only the token's hash is kept. `constraints` is what was told to the holder when it was made."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="invites")
    token_hash = models.CharField(max_length=64, unique=True)
    token_id = models.CharField(max_length=12, db_index=True)
    label = models.TextField(blank=True)
    constraints = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return self.token_id
