"""Failed sign-ins as django-axes counts them, one row for each name, address and browser."""

from axes.models import AccessAttempt


class FailedSignIn(AccessAttempt):  # type: ignore[misc]
    """The same rows under a name that says what they are. They are forgotten when somebody gets in, or with time."""

    class Meta:
        proxy = True
        default_permissions = ()
        ordering = ("-attempt_time", "-id")
        verbose_name = "failed sign-in"

    def __str__(self) -> str:
        return f"from {self.ip_address}"
