"""Items of a room's vault: text and metadata sealed together under the room's key."""

from django.db import models
from django.db.models import Q

from rooms.models.room import Room


class VaultItem(models.Model):
    """One sealed item.

    `position` rises with every item of the room; `size_bytes` is the length of the text in UTF-8.
    """

    id = models.CharField(max_length=64, primary_key=True)
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="vault_items")
    position = models.PositiveIntegerField()
    sealed = models.BinaryField()
    size_bytes = models.PositiveBigIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("room_id", "position")
        verbose_name = "vault item"
        constraints = [
            models.UniqueConstraint(fields=["room", "position"], name="one_item_at_a_position"),
            models.CheckConstraint(condition=Q(id__regex=r"^rvi_[0-9a-f]{16}$"), name="vault_item_id_shape"),
        ]

    def __str__(self) -> str:
        return self.id
