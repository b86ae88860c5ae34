"""Logging in to the pages and out of them.

A person logs in with a token: there are no passwords to choose, forget or leak, and revoking the token ends its
sessions.
"""

from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

LONGEST_TOKEN = 200  # characters


@sensitive_post_parameters("token")
@require_http_methods(["GET", "HEAD", "POST"])
def log_in(request: HttpRequest) -> HttpResponse:
    """Ask for a token; begin a session with one that is known, and go where the person wanted to."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        wanted = "/"
    if request.method != "POST":
        return render(request, "accounts/login.html", {"next": wanted})
    text = request.POST.get("token", "").strip()
    user = authenticate(request, token=text) if 0 < len(text) <= LONGEST_TOKEN else None
    if user is None:
        return render(request, "accounts/login.html", {"next": wanted, "is_wrong": True}, status=403)
    login(request, user)
    return redirect(wanted)


@require_POST
def log_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("login")
