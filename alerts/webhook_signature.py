"""Standard Webhooks 1.0: headers that let a receiver know who posted, that nothing was changed, and what came before."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime


def webhook_id(message_id: str) -> str:
    """The id of a message as a header: itself where it can be one, else a hash of it. The same for every try.

    A full stop parts what is signed, so no id may hold one.
    """
    if re.fullmatch(r"[A-Za-z0-9_-]{1,128}", message_id):
        return message_id
    digest = hashlib.sha256(message_id.encode("utf-8", "backslashreplace")).hexdigest()
    return f"msg_{digest[:40]}"


def webhook_headers(
    message_id: str, body: bytes, keys: Sequence[bytes], now: datetime
) -> dict[str, str]:
    """`webhook-id`, `webhook-timestamp` (of this try, Unix seconds) and, where there are keys, `webhook-signature`
    with one HMAC-SHA256 of id.timestamp.body for each key. `now` is aware.
    """
    name, timestamp = webhook_id(message_id), str(int(now.timestamp()))
    headers = {"webhook-id": name, "webhook-timestamp": timestamp}
    if keys:
        signed = f"{name}.{timestamp}.".encode("ascii") + body
        headers["webhook-signature"] = " ".join(f"v1,{_signature(key, signed)}" for key in keys)
    return headers


def _signature(key: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode("ascii")
