"""Words of the wire format about agents."""

from django.db import models


class AgentType(models.TextChoices):
    """What an agent is made for. A room's stages accept only their own kind."""

    SCOPE = "scope"  # draws the data boundary
    QUERY = "query"  # performs the participant's task
    MEDIATOR = "mediator"  # audits the answer


class InspectionMode(models.TextChoices):
    """Whether others may read the source. The wire's `full` is called inspectable in manifests."""

    FULL = "full"  # participants may read it
    SEALED = "sealed"  # nobody reads it through the API


class BuildStatus(models.TextChoices):
    """States of an image build."""

    PENDING = "pending"  # waiting for a worker; owner: agents.services.uploads
    RUNNING = "running"  # a worker holds it; owner: agents.services.builds
    COMPLETED = "completed"  # the image exists
    FAILED = "failed"  # it never will
