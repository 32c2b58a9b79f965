"""The guard before every request that Barometer makes: it reaches the public internet, or a host that a setting names.

    name -looked up once-> addresses -all of them public?-> a connection to one of these, by number

The name is looked up here and nowhere else, and again for every redirect, which is a request of its own: a name
that leads elsewhere a moment later (DNS rebinding) gains nothing. Name and TLS stay those of the URL.

A proxy connects in our place, and where to is not ours to see. So one that the environment names (HTTP_PROXY …)
is used only when a setting names its host, too: then its operator answers for what it reaches. Numbers, and names
that are known here, are still refused when they lead inside. Webhooks go through none.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from urllib.request import getproxies, proxy_bypass

import httpx

from ingest.allowed_hosts import AllowedHosts
from ingest.private_network import private_fault

Resolve = Callable[[str, int], list[str]]
"""(host, port) -> its addresses; raises OSError for a name that leads nowhere."""

MOST_TRIED = 3
"""Addresses of one host that are tried: each may cost the whole time for connecting."""

NOBODY = AllowedHosts()


class NotPublic(Exception):
    """A host leads into a private network; the text is what is wrong with it, without the subject."""


class LookUpFailed(httpx.ConnectError):
    """A name leads nowhere, or nobody could say where."""


def addresses_of(host: str, port: int) -> list[str]:
    """What the system says of `host`, each address once. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def guarded_addresses(
    host: str, port: int, allowed: AllowedHosts = NOBODY, resolve: Resolve = addresses_of
) -> list[str]:
    """The addresses of `host`, all of them public unless `allowed` names it: connect to these, not to the name.

    Raises NotPublic, OSError, or UnicodeError for what cannot be a name.
    """
    addresses = resolve(host, port)
    if not addresses:
        raise OSError("the name leads nowhere")
    if not allowed.permits(host, port):
        for address in addresses:
            if fault := private_fault(address):
                raise NotPublic(f"leads to {address}, which {fault}")
    return addresses


class GuardedTransport(httpx.BaseTransport):
    """httpx's transport behind the guard. A refused request raises NotPublic and opens no connection."""

    def __init__(
        self,
        *,
        allowed: AllowedHosts = NOBODY,
        resolve: Resolve = addresses_of,
        verify: ssl.SSLContext | None = None,
        proxies: bool = False,
    ) -> None:
        # A connection for each request: the next one to the same name is checked anew, and whoever
        # limits its time has to know the socket, which is told only when it is opened.
        limits = httpx.Limits(max_keepalive_connections=0)
        verify = verify or httpx.create_ssl_context()
        self._allowed = allowed
        self._resolve = resolve
        self._direct = httpx.HTTPTransport(verify=verify, limits=limits)
        self._proxied: dict[str, httpx.HTTPTransport] = {}
        self.unused_proxy = ""
        """Host of a proxy that the environment names and no setting does; empty when there is none."""
        for scheme, url in _proxies_of_the_environment().items() if proxies else ():
            if allowed.permits(url.host, _port(url)):
                proxy = httpx.HTTPTransport(verify=verify, limits=limits, proxy=httpx.Proxy(url))
                self._proxied[scheme] = proxy
            else:
                self.unused_proxy = url.host

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer. Raises NotPublic, and what httpx raises."""
        host, port = request.url.raw_host.decode("ascii"), _port(request.url)
        proxy = self._proxied.get(request.url.scheme)
        if proxy and not self._allowed.permits(host, port) and not proxy_bypass(host):
            self._refuse_what_is_known_here(host, port)
            return proxy.handle_request(request)
        try:
            addresses = guarded_addresses(host, port, self._allowed, self._resolve)
        except OSError as error:
            raise LookUpFailed(str(error)) from error
        *others, last = addresses[:MOST_TRIED]
        for address in others:
            try:
                return self._direct.handle_request(_by_number(request, host, address))
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue
        return self._direct.handle_request(_by_number(request, host, last))

    def close(self) -> None:
        """Close what is open."""
        for transport in (self._direct, *self._proxied.values()):
            transport.close()

    def _refuse_what_is_known_here(self, host: str, port: int) -> None:
        try:
            guarded_addresses(host, port, self._allowed, self._resolve)
        except OSError:
            return  # behind a proxy, names are often known to the proxy alone


def _by_number(request: httpx.Request, host: str, address: str) -> httpx.Request:
    """The same request, to `address`: `Host` keeps the name, and the certificate must be for it."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=address),
        headers=request.headers,
        stream=request.stream,
        extensions={**request.extensions, "sni_hostname": host},
    )


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)


def _proxies_of_the_environment() -> dict[str, httpx.URL]:
    """By scheme of the address that is asked for. Proxies that do not speak HTTP are left out."""
    named = getproxies()
    found: dict[str, httpx.URL] = {}
    for scheme in ("http", "https"):
        written = named.get(scheme) or named.get("all") or ""
        try:
            url = httpx.URL(written if "://" in written else f"http://{written}")
        except (httpx.InvalidURL, ValueError):
            continue
        if url.scheme in ("http", "https") and url.host:
            found[scheme] = url
    return found
