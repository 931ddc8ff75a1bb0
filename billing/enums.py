"""Kinds of movements, their public names, and how a hold ends."""

from django.db import models


class EntryKind(models.TextChoices):
    """What moved an account's balance. Credits are positive, everything else is negative, a release is positive."""

    GRANT = "grant"  # credit given: by an operator, a credit code or at signup
    REFUND = "refund"  # money of an earlier charge given back by an operator
    DEBIT = "debit"  # money taken by an operator
    EXPIRY = "expiry"  # the rest of a grant whose time is over
    HOLD = "hold"  # set aside for a run that was asked
    RELEASE = "release"  # a hold given back, whole, when it is resolved
    CHARGE = "charge"  # what a run cost


class PublicKind(models.TextChoices):
    """The four words of the wire; `PUBLIC` says which movement is told in which."""

    CREDIT_GRANT = "credit_grant"  # +
    USAGE_HOLD = "usage_hold"  # -
    USAGE_RELEASE = "usage_release"  # +
    USAGE_CHARGE = "usage_charge"  # -


PUBLIC: dict[EntryKind, PublicKind] = {
    EntryKind.GRANT: PublicKind.CREDIT_GRANT,
    EntryKind.REFUND: PublicKind.CREDIT_GRANT,
    EntryKind.DEBIT: PublicKind.USAGE_CHARGE,
    EntryKind.EXPIRY: PublicKind.USAGE_CHARGE,
    EntryKind.HOLD: PublicKind.USAGE_HOLD,
    EntryKind.RELEASE: PublicKind.USAGE_RELEASE,
    EntryKind.CHARGE: PublicKind.USAGE_CHARGE,
}


class Resolution(models.TextChoices):
    """How a hold ended; empty while it stands."""

    SETTLED = "settled"  # its run ended and was charged what it used
    VOIDED = "voided"  # nothing was charged
    EXPIRED = "expired"  # nobody resolved it in time, so nothing was charged
