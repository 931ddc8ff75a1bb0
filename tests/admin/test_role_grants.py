"""The operations with which migrations change roles."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from hivemind.role_grants import granting, revoking

RUNS = {"auditor": ["runner.view_run", "kit.view_auditevent"]}


@pytest.fixture
def editor(db: None) -> BaseDatabaseSchemaEditor:
    return connection.SchemaEditorClass(connection)


def names() -> set[str]:
    return set(Group.objects.get(name="auditor").permissions.values_list("codename", flat=True))


def test_a_role_is_made_and_unmade(editor: BaseDatabaseSchemaEditor) -> None:
    operation = granting(RUNS)
    operation.code(apps, editor)
    assert names() == {"view_run", "view_auditevent"}
    operation.reverse_code(apps, editor)
    assert not Group.objects.filter(name="auditor").exists()


def test_a_permission_is_taken_and_given_back(editor: BaseDatabaseSchemaEditor) -> None:
    granting(RUNS).code(apps, editor)
    operation = revoking({"auditor": ["runner.view_run"]})
    operation.code(apps, editor)
    assert names() == {"view_auditevent"}
    operation.reverse_code(apps, editor)
    assert names() == {"view_run", "view_auditevent"}


def test_a_permission_that_does_not_exist_yet_is_made(editor: BaseDatabaseSchemaEditor) -> None:
    Permission.objects.filter(codename="view_run").delete()
    granting(RUNS).code(apps, editor)
    assert "view_run" in names()


def test_a_permission_of_no_model_stops_the_migration(editor: BaseDatabaseSchemaEditor) -> None:
    with pytest.raises(Permission.DoesNotExist):
        granting({"auditor": ["runner.fly_run"]}).code(apps, editor)
