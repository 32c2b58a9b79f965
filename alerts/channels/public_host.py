"""Where a host's name leads, and whether that is a place on the public internet.

The name is looked up once and the connection is made to what was found: a name that leads elsewhere a moment
later (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import socket
from collections.abc import Callable

from ingest.private_network import private_fault

Resolve = Callable[[str, int], list[str]]
"""(host, port) -> its addresses; raises OSError for a name that leads nowhere."""


class NotPublic(Exception):
    """A host leads into a private network; the text is what is wrong with it, without the subject."""


def addresses_of(host: str, port: int) -> list[str]:
    """What the system says of `host`, each address once. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def public_address(host: str, port: int, resolve: Resolve = addresses_of) -> str:
    """One address of `host`, when all of them are public. Raises NotPublic or OSError."""
    addresses = resolve(host, port)
    for address in addresses:
        if fault := private_fault(address):
            raise NotPublic(f"leads to {address}, which {fault}")
    if not addresses:
        raise OSError("the name leads nowhere")
    return addresses[0]
