"""Applies a plan's rule on redirects to an upstream's answer."""

from __future__ import annotations

from mitmproxy import http

from mitmgate.core.redirects import RedirectRefused, is_redirect
from mitmgate.proxy.plan import Plan


def may_follow(response: http.Response, plan: Plan, has_body: bool) -> bool:
    """Makes a redirect's Location one that the client may follow; False when there is none such."""
    if plan.relocate is None or not is_redirect(response.status_code):
        return True
    locations = [value for name, value in response.headers.fields if name.lower() == b"location"]
    try:
        location = plan.relocate(locations, has_body)
    except RedirectRefused:
        return False
    if location is not None:
        response.headers["Location"] = location.decode("ascii")
    return True
