"""Addresses that mean harm: each leads to this machine, into a private network, or nowhere that HTTP is spoken."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

NAMES = {
    "internal.example.org": ["10.1.2.3"],
    "metadata.example.org": ["169.254.169.254"],
    "mixed.example.org": ["93.184.215.14", "192.168.0.7"],
    "six.example.org": ["2606:2800:21f:cb07:6820:80da:af6b:8b2c", "fd00::7"],
    "mapped.example.org": ["::ffff:10.0.0.1"],
    "shared.example.org": ["100.64.0.1"],
    "nothing.example.org": ["0.0.0.0"],
}
"""Names that look public and lead inside."""

HOSTILE_URLS = [
    "http://127.0.0.1/", "http://127.0.0.1:22/", "https://127.0.0.1/", "http://127.1/", "http://127.127.127.127/",
    "http://2130706433/", "http://0x7f000001/", "http://0x7f.0.0.1/", "http://0177.0.0.1/", "http://017700000001/",
    "http://0/", "http://0.0.0.0/", "http://localhost/", "http://LOCALHOST/", "http://localhost./",
    "http://[::1]/", "http://[::]/", "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[::127.0.0.1]/",
    "http://[0:0:0:0:0:0:0:1]:80/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://[fe80::1]/",
    "http://[fc00::1]/", "http://[fd12:3456:789a::1]/", "http://[ff02::1]/", "http://[fec0::1]/",
    "http://169.254.169.254/latest/meta-data/", "http://2852039166/", "http://10.0.0.1/", "http://172.16.0.1/",
    "http://172.31.255.255/", "http://192.168.1.1/", "http://100.64.0.1/", "http://198.18.0.1/", "http://224.0.0.1/",
    "http://240.0.0.1/", "http://255.255.255.255/", "http://192.0.2.1/",
    "http://public.example@127.0.0.1/", "http://user:pass@10.0.0.1/", "http://127.0.0.1%23@hooks.example.com/",
    "http://internal.example.org/", "https://metadata.example.org/", "http://mixed.example.org/",
    "http://six.example.org/", "http://mapped.example.org/", "http://shared.example.org/", "http://nothing.example.org/",
    "http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/", "http:///x", "http://", "http://:80/",
    "http://127.0.0.1:99999/", "http://exa mple.org/", "http://127.0.0.1\r\n.example.org/",
    "file:///etc/passwd", "file://localhost/etc/passwd", "gopher://127.0.0.1:25/_HELO", "ftp://127.0.0.1/x",
    "dict://127.0.0.1:11211/stat", "ldap://127.0.0.1/x", "jar:http://127.0.0.1!/", "unix:///var/run/docker.sock",
    "data:text/plain,x", "javascript:alert(1)", "//127.0.0.1/", "127.0.0.1",
]  # fmt: skip

_look_up = socket.getaddrinfo


def look_up(host: Any, port: Any, *others: Any, **named: Any) -> Any:
    """Stands in for socket.getaddrinfo: the names above, and numbers in whatever notation; no other name is known."""
    name = host.decode() if isinstance(host, bytes) else str(host)
    if name in NAMES:
        return found(NAMES[name], port)
    if name.rstrip(".").endswith((".org", ".com", ".example")):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return _look_up(host, port, *others, **named)


def found(addresses: list[str], port: Any) -> list[Any]:
    """What socket.getaddrinfo says of a name that has these addresses."""
    return [
        (
            socket.AF_INET6 if ":" in address else socket.AF_INET,
            socket.SOCK_STREAM,
            6,
            "",
            (address, port, 0, 0) if ":" in address else (address, port),
        )
        for address in addresses
    ]


_connections: list[Any] = []
_watching = False
_installed: list[Any] = []


def _hook_of_the_interpreter(event: str, arguments: tuple[Any, ...]) -> None:
    if _watching and event in ("socket.connect", "socket.sendto", "subprocess.Popen", "open"):
        if event == "open" and not str(arguments[0]).startswith("/etc/passwd"):
            return
        _connections.append((event, arguments[1:]))


@contextmanager
def connections() -> Iterator[list[Any]]:
    """What is opened to the outside within the block, as the interpreter itself tells it."""
    global _watching  # noqa: PLW0603 - an audit hook stays for good
    if not _installed:
        sys.addaudithook(_hook_of_the_interpreter)
        _installed.append(_hook_of_the_interpreter)
    _connections.clear()
    _watching = True
    try:
        yield _connections
    finally:
        _watching = False
