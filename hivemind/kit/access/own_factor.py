"""The pages on which operators set up, renew and remove their own second factor.

A secret is shown only while it is being set up; recovery codes are part of one answer and are stored nowhere in clear.
"""

from abc import ABC, abstractmethod
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django_otp import login as remember

from hivemind.kit.access import qr
from hivemind.kit.access.forms import AppCodeForm, CodeForm, PasswordForm
from hivemind.kit.admin import columns
from hivemind.kit.audit import Actor
from hivemind.kit.conf import conf
from hivemind.kit.errors import DomainError
from hivemind.kit.services import second_factor
from hivemind.kit.services.second_factor import RecoveryCodes


@method_decorator([never_cache, csrf_protect, sensitive_post_parameters("code", "password")], name="dispatch")
class OwnView(View, ABC):
    """A page about the second factor of whoever is in."""

    form_class: type[Form] = CodeForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Only for those who may enter the admin."""
        if not admin.site.has_permission(request):
            return redirect_to_login(request.get_full_path(), reverse("admin:login"))
        return cast(HttpResponse, super().dispatch(request, *args, **kwargs))

    @property
    def person(self) -> User:
        """Who is in."""
        return cast(User, self.request.user)

    @property
    def actor(self) -> Actor:
        """The same, as the trail names them."""
        return Actor.operator(self.person.get_username())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Do what the page is for, or say why not."""
        form = self.form_class(request.POST)
        if form.is_valid():
            try:
                return self.act(form)
            except DomainError as refusal:
                form.add_error(next(iter(form.fields)), str(refusal))
        return self.show(form)

    @abstractmethod
    def act(self, form: Form) -> HttpResponse:
        """What the page is for, with what was sent. May raise DomainError."""

    @abstractmethod
    def show(self, form: Form) -> HttpResponse:
        """The page with the form on it."""

    def page(self, template: str, **context: Any) -> HttpResponse:
        """A page in the theme that no browser and no proxy stores."""
        shared = admin.site.each_context(self.request)
        if self._alone:
            shared |= {"sidebar_navigation": [], "available_apps": [], "is_nav_sidebar_enabled": False}
        answer = TemplateResponse(self.request, template, {**shared, "alone": self._alone, **context})
        answer["Cache-Control"] = "no-store"
        return answer

    def show_codes(self, made: RecoveryCodes, *, title: str) -> HttpResponse:
        """Recovery codes, this once."""
        return self.page(
            "hivemind/admin/recovery_codes.html", title=title, codes=made.codes, next=reverse("access:own")
        )

    @property
    def _alone(self) -> bool:
        """Whether there is nowhere else to go before a second factor is set up."""
        return _required() and not cast(Any, self.request.user).is_verified()


class OwnFactorView(OwnView):
    """What there is; setting one up begins here, with the password."""

    form_class = PasswordForm

    def get(self, request: HttpRequest) -> HttpResponse:
        """What there is."""
        return self.show(PasswordForm())

    def show(self, form: Form) -> HttpResponse:
        """The state, and the form that begins when there is none."""
        device = second_factor.of(self.person)
        facts = [] if device is None else _facts(self.person, device)
        return self.page(
            "hivemind/admin/second_factor.html", title="Second factor", form=form, device=device, facts=facts
        )

    def act(self, form: Form) -> HttpResponse:
        """Begin, once the password is right. Failures count as failed sign-ins."""
        name, password = self.person.get_username(), form.cleaned_data["password"]
        if authenticate(self.request, username=name, password=password) is None:
            form.add_error("password", "This is not the password of your account.")
            return self.show(form)
        second_factor.begin(self.person, actor=self.actor)
        return HttpResponseRedirect(reverse("access:confirm"))


class ConfirmView(OwnView):
    """The secret as a picture and as text, in force once a code of it was typed."""

    form_class = AppCodeForm

    def get(self, request: HttpRequest) -> HttpResponse:
        """The secret, and the form."""
        return self.show(AppCodeForm())

    def show(self, form: Form) -> HttpResponse:
        """The secret that was begun; without one, back to the beginning."""
        device = second_factor.begun(self.person)
        if device is None:
            return HttpResponseRedirect(reverse("access:own"))
        picture = qr.svg(device.config_url, title="QR code of the secret")
        return self.page(
            "hivemind/admin/second_factor_confirm.html",
            title="Set up a second factor",
            form=form,
            picture=picture,
            secret=device.spelled,
            back=reverse("access:own"),
        )

    def act(self, form: Form) -> HttpResponse:
        """Put it into force for this session too, and show the recovery codes."""
        passed, codes = second_factor.confirm(self.person, form.cleaned_data["code"], actor=self.actor)
        remember(self.request, passed.device)
        return self.show_codes(codes, title="Second factor set up")


class CodesView(OwnView):
    """New recovery codes in place of the old ones."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Ask for a code."""
        return self.show(CodeForm())

    def show(self, form: Form) -> HttpResponse:
        """Say what follows, and ask for a code."""
        return self.page(
            "hivemind/admin/form.html",
            title="New recovery codes",
            form=form,
            button="Make new codes",
            explains="The recovery codes that you have now stop working. Type a code of the app, or one of them.",
            back=reverse("access:own"),
        )

    def act(self, form: Form) -> HttpResponse:
        """Make them, once a code was right."""
        second_factor.check(self.person, form.cleaned_data["code"], actor=self.actor)
        made = second_factor.renew_codes(self.person, actor=self.actor)
        return self.show_codes(made, title="New recovery codes")


class RemoveView(OwnView):
    """Signing in with the password alone again."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Ask for a code."""
        return self.show(CodeForm())

    def show(self, form: Form) -> HttpResponse:
        """Say what follows, and ask for a code."""
        after = (
            "You will be asked to set up another one at once." if _required() else "Your password alone lets you in."
        )
        return self.page(
            "hivemind/admin/form.html",
            title="Remove the second factor",
            form=form,
            button="Remove",
            dangerous=True,
            explains=f"The app's codes and the recovery codes stop working. {after} Type a code of the app, or a "
            "recovery code.",
            back=reverse("access:own"),
        )

    def act(self, form: Form) -> HttpResponse:
        """Remove it, once a code was right."""
        second_factor.check(self.person, form.cleaned_data["code"], actor=self.actor)
        second_factor.remove(self.person, actor=self.actor)
        messages.success(self.request, "The second factor was removed.")
        return HttpResponseRedirect(reverse("access:own"))


def _facts(user: User, device: Any) -> list[tuple[str, object]]:
    left = second_factor.codes_left(user)
    return [
        ("Set up", columns.moment(device.created_at)),
        ("Last used", columns.moment(device.last_used_at)),
        ("Recovery codes left", columns.number(left)),
    ]


def _required() -> bool:
    return conf.access.admin_require_otp
