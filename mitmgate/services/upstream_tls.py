"""How upstreams' certificates are judged: for traffic and for the operator's test alike."""

from __future__ import annotations

import ssl

from mitmgate.core.settings import Upstream


def upstream_tls(settings: Upstream) -> ssl.SSLContext:
    """The system's roots and `upstream.ca_file`'s. Raises OSError (also ssl.SSLError) when that cannot be used."""
    tls = ssl.create_default_context()
    # Python 3.13 begins to refuse authorities without a keyUsage, as `openssl req -x509` makes them; curl does not.
    tls.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if settings.ca_file:
        tls.load_verify_locations(cafile=str(settings.ca_file))
    tls.set_alpn_protocols(["http/1.1"])
    return tls
