"""Accounts of operators: only a superuser manages them, and the trail says so."""

import re

from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from hivemind.kit.admin.accounts import grantable
from hivemind.kit.models import AuditEvent

ADD = "/admin/auth/user/add/"
PASSWORD = "correct horse battery staple"


def account(name: str) -> str:
    return f"/admin/auth/user/{User.objects.get(username=name).pk}/change/"


def test_an_account_is_added_changed_and_its_password_set(olga: Client) -> None:
    sent = {"username": "ines", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    assert olga.post(ADD, sent).status_code == 302
    assert User.objects.get(username="ines").is_staff
    may = Permission.objects.get(codename="view_run")
    changed = {"username": "ines", "is_active": "on", "is_staff": "on", "user_permissions": [may.pk]}
    assert olga.post(account("ines"), changed).status_code == 302
    ines = User.objects.get(username="ines")
    assert ines.has_perm("runner.view_run") and ines.check_password(PASSWORD)
    page = account("ines").replace("change", "password")
    assert olga.get(page).status_code == 200
    olga.post(page, {"usable_password": "true", "password1": PASSWORD[::-1], "password2": PASSWORD[::-1]})
    assert User.objects.get(username="ines").check_password(PASSWORD[::-1])
    told = AuditEvent.objects.order_by("id").values_list("actor", "action", "subject")
    assert list(told)[:2] == [("operator:olga", "user.added", "ines"), ("operator:olga", "user.changed", "ines")]


def test_the_page_of_an_account_says_nothing_about_its_password(olga: Client) -> None:
    hashed = User.objects.get(username="olga").password
    text = olga.get(account("olga")).content.decode()
    assert "md5" not in text and not [part for part in hashed.split("$")[1:] if part in text]
    assert "set a new one" in text


def test_staff_cannot_make_themselves_more(vera: Client) -> None:
    user = User.objects.get(username="vera")
    user.user_permissions.set(Permission.objects.all())
    for address in (ADD, account("vera"), "/admin/auth/user/", "/admin/auth/group/", "/admin/auth/group/add/"):
        assert vera.get(address).status_code == 403
        assert vera.post(address, {"username": "vera", "is_superuser": "on"}).status_code == 403
    assert not User.objects.get(username="vera").is_superuser


def test_only_permissions_that_mean_something_are_offered(olga: Client) -> None:
    names = set(grantable().values_list("codename", flat=True))
    assert {"view_tenant", "add_tenant", "change_tenant", "change_room", "change_run", "view_auditevent"} <= names
    assert {name for name in names if name.startswith("delete_")} == {"delete_tenant"}
    assert not names & {"view_user", "view_logentry", "view_apikey", "view_session"}
    assert olga.get("/admin/auth/group/add/").status_code == 200


def test_saving_the_page_of_a_role_changes_nothing(olga: Client) -> None:
    for group in Group.objects.all():
        before = set(group.permissions.values_list("pk", flat=True))
        address = f"/admin/auth/group/{group.pk}/change/"
        ticked = re.findall(r'name="permissions"\s+value="(\d+)"[^>]*\schecked>', olga.get(address).content.decode())
        sent = {"name": group.name, "permissions": ticked}
        assert olga.post(address, sent).status_code == 302
        assert set(group.permissions.values_list("pk", flat=True)) == before


def test_an_account_is_given_a_role_on_its_page(olga: Client) -> None:
    User.objects.create_user("ines", password=PASSWORD)
    support = Group.objects.get(name="support")
    text = olga.get(account("ines")).content.decode()
    assert 'type="checkbox" name="groups"' in text and "room: change" in text
    sent = {"username": "ines", "is_active": "on", "is_staff": "on", "groups": [support.pk]}
    assert olga.post(account("ines"), sent).status_code == 302
    assert User.objects.get(username="ines").has_perm("rooms.change_room")
