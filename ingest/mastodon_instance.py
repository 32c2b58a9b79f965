"""What a Mastodon instance says of itself in /api/v2/instance: where its streams are, and which timelines it shows."""

from __future__ import annotations

from urllib.parse import urlsplit

import msgspec

from ingest.broken_json import BROKEN_JSON

_SHOWN_TO = {"public": 0, "authenticated": 1, "disabled": 2}
"""Values of `configuration.timelines_access` (4.5): to all, to those who are logged in, to staff."""


class Instance(msgspec.Struct, frozen=True, kw_only=True):
    """One instance. Everything is empty where it does not say, as before Mastodon 4.0."""

    streaming: str = ""
    """http(s) address that the paths of the streaming API are added to."""
    live_feeds: tuple[str, str] = ("", "")
    """Who sees the public timeline: what was written there, and what came from elsewhere."""
    hashtag_feeds: tuple[str, str] = ("", "")


def parse_instance(body: bytes) -> Instance:
    """Never fails: an answer that is not understood says nothing."""
    try:
        whole = msgspec.json.decode(body)
    except BROKEN_JSON:
        return Instance()
    configuration = _part(whole, "configuration")
    access = _part(configuration, "timelines_access")
    return Instance(
        streaming=_http(_part(configuration, "urls").get("streaming")),
        live_feeds=_feeds(_part(access, "live_feeds")),
        hashtag_feeds=_feeds(_part(access, "hashtag_feeds")),
    )


def why_empty(instance: Instance, *, hashtags: bool, local: bool, logged_in: bool) -> str:
    """Why timelines may be empty or half empty although people write; a clause for an operator, empty when they are
    open to us: then it is merely quiet.
    """
    own, others = instance.hashtag_feeds if hashtags else instance.live_feeds
    closed = [
        (whose, shown_to)
        for whose, shown_to, asked in (("own", own, True), ("remote", others, not local))
        if asked and _SHOWN_TO.get(shown_to, 0) > (1 if logged_in else 0)
    ]
    if not closed:
        return ""
    what = "hashtag timelines" if hashtags else "public timeline"
    parts = " and ".join(f"its {whose} posts ({shown_to})" for whose, shown_to in closed)
    remedy = (
        "; set `token` to the name of an environment variable with an access token"
        if any(shown_to == "authenticated" for _, shown_to in closed)
        else ""
    )
    return f"the instance does not show us {parts} in the {what}: empty is not quiet here{remedy}"


def _feeds(access: dict[str, object]) -> tuple[str, str]:
    own, others = access.get("local"), access.get("remote")
    return (own if isinstance(own, str) else "", others if isinstance(others, str) else "")


def _part(whole: object, name: str) -> dict[str, object]:
    found = whole.get(name) if isinstance(whole, dict) else None
    return found if isinstance(found, dict) else {}


def _http(address: object) -> str:
    """A wss address as the https address that serves the same streams as server-sent events."""
    if not isinstance(address, str):
        return ""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return ""
    scheme = {"wss": "https", "ws": "http"}.get(parts.scheme, parts.scheme)
    if scheme not in ("http", "https") or not parts.hostname:
        return ""
    return f"{scheme}://{parts.netloc}{parts.path}".rstrip("/")
