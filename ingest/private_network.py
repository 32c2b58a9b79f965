"""Addresses that a request to the public internet must not reach: this machine, its networks, the cloud's own services.

Asked of the address that a connection is made to, after the name was looked up: a name says nothing of where
it leads.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_TRANSLATED = (ip_network("64:ff9b::/96"), ip_network("::/96"))
"""IPv6 networks whose last 32 bits are an IPv4 address: NAT64 (RFC 6052) and the old IPv4-compatible ones."""

_LOCAL_NAT64 = ip_network("64:ff9b:1::/48")
"""Leads wherever a network's own translator sends it (RFC 8215)."""


def private_fault(address: str) -> str:
    """Why `address` (of either protocol, as text) is not public, as a sentence without its subject; empty when it is."""
    try:
        ip = _innermost(ip_address(address))
    except ValueError:
        return "is no address of the internet protocol"
    if ip.is_loopback or ip.is_unspecified:
        return "is this machine itself"
    if ip.is_link_local:
        return "is link-local, where clouds keep their credentials"
    if ip.is_multicast:
        return "is multicast"
    if isinstance(ip, IPv6Address) and (ip.is_site_local or ip in _LOCAL_NAT64):
        return "is in a private network"
    return "" if ip.is_global else "is in a private or reserved network"


def _innermost(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 address carries in it, where it carries one."""
    if isinstance(ip, IPv4Address):
        return ip
    inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
    if inner is not None:
        return inner
    if any(ip in network for network in _TRANSLATED) and int(ip) > 1:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip
