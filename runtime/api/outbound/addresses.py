"""Which addresses a caller may have the service call: public ones, by any notation."""

from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Permit = Callable[[Address], bool]

_SPECIAL = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))
"""IETF's assignments and 6to4 relays, some of them public to older versions of Python."""

_NAT64 = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_IPV4_COMPATIBLE = IPv6Network("::/96")
_LOW_32_BITS = (1 << 32) - 1


def is_public(address: Address) -> bool:
    """Return whether an address is a host of the internet.

    An IPv6 address that carries an IPv4 one (mapped, compatible, NAT64, 6to4, Teredo) counts as
    that one too, because a gateway may deliver to it.
    """
    if isinstance(address, IPv4Address):
        special = address.is_multicast or address.is_reserved
        return address.is_global and not special and not any(address in net for net in _SPECIAL)
    embedded = embedded_ipv4(address)
    if address.ipv4_mapped is not None or any(
        address in net for net in (*_NAT64, _IPV4_COMPATIBLE)
    ):
        return bool(embedded) and all(is_public(each) for each in embedded)
    plain = address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_site_local
    )
    return plain and all(is_public(each) for each in embedded)


def embedded_ipv4(address: IPv6Address) -> list[IPv4Address]:
    """Return the IPv4 addresses that an IPv6 address carries."""
    found: list[IPv4Address] = []
    if address.ipv4_mapped is not None:
        found.append(address.ipv4_mapped)
    if address.sixtofour is not None:
        found.append(address.sixtofour)
    if address.teredo is not None:
        found.extend(address.teredo)
    if any(address in net for net in (*_NAT64, _IPV4_COMPATIBLE)):
        found.append(IPv4Address(int(address) & _LOW_32_BITS))
    return found


def parsed(text: str) -> Address:
    """Return the address of a resolver's answer; a zone (`%eth0`) makes it a local one."""
    return ip_address(text)
