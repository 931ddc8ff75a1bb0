"""The people who may enter the admin. Only a superuser sees or changes them, and the trail says who did."""

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as PlainGroupAdmin
from django.contrib.auth.admin import UserAdmin as PlainUserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import Model, OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice
from unfold.forms import AdminPasswordChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget as Ticks

from hivemind.kit import audit
from hivemind.kit.admin import columns
from hivemind.kit.admin.bases import ShownAdmin, WithPanels
from hivemind.kit.admin.columns import column
from hivemind.kit.admin.deeds import Deed
from hivemind.kit.admin.operated import Operates
from hivemind.kit.admin.superusers import SuperusersEdit
from hivemind.kit.admin.theme import ThemedAdmin
from hivemind.kit.audit import Actor
from hivemind.kit.models import Authenticator
from hivemind.kit.services import second_factor

# Both apps offer pages of their own, with the devices' secrets on them.
admin.site.unregister([User, Group, TOTPDevice, StaticDevice])

if TYPE_CHECKING:
    UserBase = PlainUserAdmin[User]
else:
    UserBase = PlainUserAdmin

RESET_FACTOR = Deed(
    name="reset_factor",
    title="Reset second factor",
    follows=(
        "The account's authenticator app and its recovery codes stop working.",
        "The password alone lets its owner in, who can then set up another second factor.",
        "Make sure by another channel that it is the owner who asks for this.",
    ),
    done="can sign in without a code now",
    act=lambda user, actor: second_factor.remove(user, actor=actor),
    applies=lambda user: user.factor_since is not None,
    icon="phonelink_erase",
    asks="Let this operator in without a second factor?",
)


class Accounts(SuperusersEdit):
    """Rows that only superusers edit, and the trail says who did."""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only the filters of the list, so that nobody can guess a password's hash letter by letter."""
        return lookup in {f"{name}__exact" for name in self.list_filter}

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Tell the trail too."""
        _tell(request, "added", obj)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Tell the trail too."""
        _tell(request, "changed", obj)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Tell the trail too."""
        for obj in queryset:
            _tell(request, "deleted", obj)
        return super().log_deletions(request, queryset)


def _tell(request: HttpRequest, what: str, obj: Model) -> None:
    kind = obj._meta.model_name
    audit.record(Actor.operator(request.user.get_username()), f"{kind}.{what}", str(obj)[:120])


def grantable() -> QuerySet[Permission]:
    """The permissions that mean something here; Django's own list also has those that no page asks for."""
    asked = Q(pk__in=())
    for model, shown in admin.site._registry.items():
        if isinstance(shown, ShownAdmin):
            names = [f"{act}_{model._meta.model_name}" for act in shown.grants]
            asked |= Q(content_type__app_label=model._meta.app_label, codename__in=names)
    return Permission.objects.select_related("content_type").filter(asked)


class Permissions(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Permissions to tick, in words such as `room: change`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Permission.objects.none(), required=False, widget=Ticks, **kwargs)

    def label_from_instance(self, obj: Any) -> str:
        """What is permitted to which rows."""
        return f"{obj.content_type.name}: {obj.codename.partition('_')[0]}"


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    """An account, without its password."""

    groups = forms.ModelMultipleChoiceField(
        Group.objects.order_by("name"), required=False, widget=Ticks, help_text="A role, or several."
    )
    user_permissions = Permissions(label="Besides", help_text="What the account may do that no group of it may.")

    class Meta:
        model = User
        fields = ("username", "email", "is_active", "is_staff", "is_superuser", "groups", "user_permissions")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user_permissions"].queryset = grantable()  # type: ignore[attr-defined]


class GroupForm(forms.ModelForm):  # type: ignore[type-arg]
    """A set of permissions."""

    permissions = Permissions()

    class Meta:
        model = Group
        fields = ("name", "permissions")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["permissions"].queryset = grantable()  # type: ignore[attr-defined]


@admin.register(User)
class UserAdmin(Accounts, Operates, WithPanels, UserBase, ThemedAdmin):
    """Accounts of operators. The hash of a password is not shown, not even in part."""

    form = AccountForm
    filter_horizontal = ()
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    deeds = (RESET_FACTOR,)
    list_display = ("username", "powers", "factor", "is_active", "last_seen")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("username",)
    readonly_fields = ("last_login", "date_joined", "password_page", "factor")
    fieldsets = (
        (None, {"fields": ("username", "email", "password_page", "factor")}),
        (
            "What the account may do",
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """The accounts, without the hashes of their passwords, and since when they have a second factor."""
        devices = Authenticator.objects.filter(user=OuterRef("pk"), confirmed=True).order_by("id")
        since = Subquery(devices.values("created_at")[:1])
        rows = super().get_queryset(request).defer("password").annotate(factor_since=since)
        return cast(QuerySet[User], rows.prefetch_related("groups"))

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Let a new account sign in: whoever is made here is an operator, with no powers yet."""
        obj.is_staff = obj.is_staff or not change
        super().save_model(request, obj, form, change)

    def tenant_of(self, row: Any) -> str:
        """None: accounts belong to the operator."""
        return ""

    def subject_of(self, row: Any) -> str:
        """The name of the account."""
        return str(row.username)

    @column("Password")
    def password_page(self, user: User) -> object:
        """Where a new password is set."""
        return columns.link("../password/", "set a new one") if user.pk else columns.NOTHING

    @column("May")
    def powers(self, user: User) -> object:
        """How much the account may do."""
        if user.is_superuser:
            return columns.badge("warning", "everything")
        if not user.is_staff:
            return columns.badge("plain", "nothing")
        roles = ", ".join(group.name for group in user.groups.all())
        return columns.badge("info", roles or "what is granted")

    @column("Second factor")
    def factor(self, user: Any) -> object:
        """Whether signing in takes a code."""
        since = getattr(user, "factor_since", None)
        return columns.badge("success", "set up") if since else columns.badge("plain", "none")

    @column("Last seen")
    def last_seen(self, user: User) -> object:
        """When the account logged in last."""
        return columns.moment(user.last_login)


@admin.register(Group)
class GroupAdmin(Accounts, WithPanels, PlainGroupAdmin, ThemedAdmin):
    """Sets of permissions."""

    form = GroupForm
    filter_horizontal = ()
