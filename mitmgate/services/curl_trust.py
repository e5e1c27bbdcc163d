"""How curl reaches a listener whose certificate no public authority has signed."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from mitmgate.core.settings.kinds import join_host_port


def curl_to(url: str, certificate: Path) -> tuple[list[str], str]:
    """Options that trust the certificates of that file, and the URL to call with them.

    A certificate for other names than the URL's gets its own name there, at the same address.
    """
    options = ["--cacert", str(certificate)]
    parts = urlsplit(url)
    host, names = parts.hostname or "", _names(certificate)
    if not names or host in names:
        return options, url
    port = parts.port or 443
    name = names[0].replace("*", "gateway", 1)
    address = f"[{host}]" if ":" in host else host
    return [*options, "--resolve", f"{name}:{port}:{address}"], urlunsplit(
        parts._replace(netloc=join_host_port(name, port))
    )


def _names(file: Path) -> list[str]:
    """The addresses and host names of the file's first certificate; none of a file that holds no such names."""
    from cryptography import x509  # 30 ms, where the listener speaks TLS only

    try:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
        alternatives = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return []
    addresses = [str(each) for each in alternatives.get_values_for_type(x509.IPAddress)]
    return [*alternatives.get_values_for_type(x509.DNSName), *addresses]
