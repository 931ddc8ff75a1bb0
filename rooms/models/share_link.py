"""Share links: one per room, for anybody who pays for their own questions."""

from django.db import models

from rooms.models.room import Room


class ShareLink(models.Model):
    """The share link of one room. Only the token's hash is kept: the link is shown when it is made or rotated."""

    room = models.OneToOneField(Room, on_delete=models.CASCADE, related_name="share_link")
    token_hash = models.CharField(max_length=64, unique=True)
    token_id = models.CharField(max_length=12)
    created_at = models.DateTimeField()
    rotated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-created_at", "-id")

    def __str__(self) -> str:
        return self.token_id
