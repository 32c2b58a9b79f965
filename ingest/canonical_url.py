"""One address per article: the form of a URL that two links to the same page share."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

_TRACKING = frozenset(
    "fbclid gclid dclid msclkid yclid igshid mc_cid mc_eid cmpid ocid ref ref_src smid "
    "xtor at_medium at_campaign at_custom1 at_custom2 cid ncid sr_share guccounter".split()
)


def canonical_url(url: str) -> str:
    """`url` with scheme and host in lower case, without default port, fragment, tracking and trailing slash.

    http and https give the same form. Empty for anything that is not an http(s) address.
    """
    try:
        url.encode("utf-8")  # lone surrogates are in no address
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return ""
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme.lower() not in ("http", "https") or not host:
        return ""
    query = urlencode(
        sorted(
            (name, value)
            for name, value in parse_qsl(parts.query, keep_blank_values=True)
            if not name.lower().startswith("utm_") and name.lower() not in _TRACKING
        )
    )
    host = f"[{host}]" if ":" in host else host
    netloc = host if port in (None, 80, 443) else f"{host}:{port}"
    return urlunsplit(("https", netloc, parts.path.rstrip("/ ") or "/", query, ""))
