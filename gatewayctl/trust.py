"""Which certificate of a gateway is trusted: one of a known authority, or this machine's listener's own."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from gatewayctl.running import Running

_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
# OpenSSL's x509_vfy.h.
_TOO_EARLY: Final = 9
_EXPIRED: Final = 10
_OTHER_NAME: Final = frozenset({62, 64})  # a host name, an address


class NotTrusted(click.ClickException):
    """The gateway answers, but its certificate is not trusted."""

    exit_code = 1

    def __init__(self, url: str, why: str, remedy: str) -> None:
        super().__init__(f"the certificate of {url} is not trusted: {why}. {remedy}")
        self.why = why
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Trust:
    """One way to trust a certificate. file: its authorities, None for the system's. only: all it may be, in DER."""

    context: ssl.SSLContext
    file: Path | None = None
    only: bytes | None = None

    def check(self, shown: bytes | None) -> None:
        """Raises SSLCertVerificationError for another than the only one."""
        if self.only is not None and shown != self.only:
            raise ssl.SSLCertVerificationError("another certificate than the listener's own")


def ways_to_trust(ca_file: Path | None, here: Running | None) -> list[Trust]:
    """The listener's own certificate, if the gateway runs here; then authorities: the system's and those of `ca_file`.

    Raises UsageError for a file that holds none.
    """
    ways = []
    if here is not None and here.certificate is not None and (own := _own(here.certificate)) is not None:
        ways.append(own)
    context = ssl.create_default_context()
    # As for upstreams: authorities without a keyUsage are usual, and a file may hold the server's certificate alone.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=str(ca_file))
        except ssl.SSLError:
            raise click.UsageError(f"--cacert {ca_file} holds no certificate in PEM") from None
        except OSError as problem:
            raise click.UsageError(f"--cacert {ca_file} cannot be read: {problem.strerror}") from None
    return [*ways, Trust(context, ca_file)]


def not_trusted(url: str, problems: list[ssl.SSLCertVerificationError]) -> NotTrusted:
    """The error for a certificate that no way trusts."""
    codes = {getattr(problem, "verify_code", 0) for problem in problems}
    if _EXPIRED in codes:
        return NotTrusted(url, "it has expired", "Renew the file of server.tls_cert and restart the gateway.")
    if _TOO_EARLY in codes:
        return NotTrusted(url, "it is not valid yet", "Compare the clocks of this machine and the gateway's.")
    if codes & _OTHER_NAME:
        return NotTrusted(url, "it is for another name", "Name the gateway as its certificate does: --url.")
    remedy = "Name the file of its authority: --cacert FILE, or MITMGATE_CA_FILE."
    if len(problems) > 1:
        remedy += " If the file of server.tls_cert was renewed, restart the gateway."
    return NotTrusted(url, "its authority is not known here", remedy)


def _own(file: Path) -> Trust | None:
    """Trusts the first certificate of the file, which is the server's, and no other; its names do not matter here."""
    try:
        text = file.read_text("ascii", "replace")
        pem = text[text.index(_BEGIN) : text.index(_END) + len(_END)]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(cadata=pem)
        return Trust(context, file, ssl.PEM_cert_to_DER_cert(pem))
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        return None
