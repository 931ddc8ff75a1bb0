"""Typed access to the settings groups: `conf.sandbox.memory_mb`. Nothing else reads the environment."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

from django.conf import settings
from django.test.utils import override_settings

from hivemind.settings.schema import Schema


class _Conf:
    """Looks the schema up at every read, so that a test's override is seen everywhere."""

    def __getattr__(self, group: str) -> Any:
        return getattr(settings.HIVEMIND, group)


conf = cast(Schema, _Conf())


@contextmanager
def override(group: str, **values: Any) -> Iterator[None]:
    """Replace settings of one group for the length of a test."""
    current: Schema = settings.HIVEMIND
    changed = replace(current, **{group: replace(getattr(current, group), **values)})
    with override_settings(HIVEMIND=changed):
        yield
