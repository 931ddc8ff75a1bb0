"""Operations for migrations that give permissions to roles or take them away.

A migration names what changes in so many words, instead of reading `hivemind.roles`: what it did must stay what it
did when the table changes later. It depends on the migrations that make the models it names.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import RunPython
from django.db.migrations.state import StateApps

Grants = Mapping[str, Iterable[str]]


def granting(grants: Grants) -> RunPython:
    """Give each role its permissions (`app.codename`), making both where they do not exist."""
    return RunPython(lambda apps, editor: _give(grants, apps, editor), lambda apps, editor: _take(grants, apps, editor))


def revoking(grants: Grants) -> RunPython:
    """Take permissions from roles."""
    return RunPython(lambda apps, editor: _take(grants, apps, editor), lambda apps, editor: _give(grants, apps, editor))


def _give(grants: Grants, apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    using = editor.connection.alias
    for label in sorted({name.partition(".")[0] for names in grants.values() for name in names}):
        create_permissions(installed.get_app_config(label), verbosity=0, using=using, apps=apps)
    for role, names in grants.items():
        group, _ = apps.get_model("auth", "Group").objects.using(using).get_or_create(name=role)
        group.permissions.add(*(_permission(name, apps, using) for name in names))


def _take(grants: Grants, apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    using = editor.connection.alias
    for role, names in grants.items():
        for group in apps.get_model("auth", "Group").objects.using(using).filter(name=role):
            group.permissions.remove(*(_permission(name, apps, using) for name in names))
            if not group.permissions.exists():
                group.delete()


def _permission(name: str, apps: StateApps, using: str) -> Any:
    app, _, codename = name.partition(".")
    found = apps.get_model("auth", "Permission").objects.using(using)
    return found.get(content_type__app_label=app, codename=codename)
