"""Signing in: the password, and then the code for accounts that have a second factor. Nobody is in before both."""

from typing import Any

from axes.handlers.proxy import AxesProxyHandler
from django.contrib import admin
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from unfold.forms import AuthenticationForm

from hivemind.kit.access import lockout, pending
from hivemind.kit.access.forms import CodeForm
from hivemind.kit.addresses import client_address
from hivemind.kit.api.throttling import seconds_until_sign_in
from hivemind.kit.audit import Actor
from hivemind.kit.errors import DomainError
from hivemind.kit.services import second_factor, sign_ins
from hivemind.kit.services.second_factor import Passed, WrongCode

BACKEND = "django.contrib.auth.backends.ModelBackend"


class PasswordView(LoginView):
    """The page in place of the admin's own login page."""

    template_name = "admin/login.html"
    authentication_form = AuthenticationForm

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        """Send on who is in already, and send away an address that tries one password after the other."""
        if request.method == "GET" and admin.site.has_permission(request):
            return HttpResponseRedirect(self.get_success_url())
        seconds = seconds_until_sign_in(request) if request.method == "POST" else 0.0
        if seconds:
            return lockout.hurried_page(request, seconds=seconds)
        answer: HttpResponse = super().dispatch(request, *args, **kwargs)  # type: ignore[assignment]
        return answer

    def form_valid(self, form: Any) -> HttpResponseRedirect:
        """The password was right: ask for the code, or let the person in when there is none to ask for."""
        user: User = form.get_user()
        if second_factor.is_set_up(user):
            pending.begin(self.request, user, next_url=self.get_success_url())
            return HttpResponseRedirect(reverse("access:code"))
        return _let_in(self.request, user, None, next_url=self.get_success_url())

    def get_default_redirect_url(self) -> str:
        """The home page of the admin."""
        return reverse("admin:index")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """The theme's context, as the admin's own login page has it."""
        shared = admin.site.each_context(self.request)
        known = {"title": "Log in", "subtitle": None, "app_path": self.request.get_full_path()}
        return {**shared, **known, "username": self.request.user.get_username(), **super().get_context_data(**kwargs)}


@method_decorator([never_cache, csrf_protect, sensitive_post_parameters("code")], name="dispatch")
class CodeView(View):
    """The second page: a code of the app, or a recovery code."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Ask for the code."""
        user = pending.person(request)
        return _again() if user is None else self._ask(request, user, CodeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Let the person in, or ask again."""
        user = pending.person(request)
        if user is None:
            return _again()
        credentials = {"username": user.get_username()}
        if not AxesProxyHandler.is_allowed(request, credentials):
            return lockout.locked_page(request, None, credentials)
        form = CodeForm(request.POST)
        if form.is_valid():
            try:
                passed = second_factor.check(user, form.cleaned_data["code"], actor=Actor.operator(user.get_username()))
            except DomainError as refusal:
                form.add_error("code", str(refusal))
                if isinstance(refusal, WrongCode):
                    user_login_failed.send(sender=__name__, credentials=credentials, request=request)
            else:
                return _let_in(request, user, passed, next_url=pending.next_url(request))
        return self._ask(request, user, form)

    def _ask(self, request: HttpRequest, user: User, form: CodeForm) -> HttpResponse:
        context = {
            **admin.site.each_context(request),
            "title": "Code",
            "form": form,
            "name": user.get_username(),
            "login": reverse("admin:login"),
        }
        return TemplateResponse(request, "hivemind/admin/code.html", context)


def _let_in(request: HttpRequest, user: User, passed: Passed | None, *, next_url: str) -> HttpResponseRedirect:
    pending.forget(request)
    if passed is not None:
        setattr(user, "otp_device", passed.device)  # noqa: B010 - django-otp takes it into the session from here
    login(request, user, backend=BACKEND)
    sign_ins.record(user, address=client_address(request), factor=passed.kind if passed else "none")
    return HttpResponseRedirect(next_url or reverse("admin:index"))


def _again() -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:login"))
