"""``ip()``, ``cidr()`` and what can be asked of them.

Source: k8s.io/apiserver ``pkg/cel/library/ip.go`` and ``cidr.go``; Go's ``net/netip``.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_interface, ip_network
from typing import Any

from pipeline.expressions.kubernetes.declaring import Function, field

IP, CIDR = "ip", "cidr"
_BITS = re.compile(r"0|[1-9][0-9]{0,2}")
_BROADCAST = IPv4Address("255.255.255.255")
_LINK_LOCAL_MULTICAST = ip_network("224.0.0.0/24")


def _parsed(text: str) -> IPv4Address | IPv6Address:
    if "%" in text:
        raise ValueError("an IP address with a zone is not allowed")
    try:
        found = ip_address(text)
    except ValueError:
        raise ValueError("IP Address parse error during conversion from string") from None
    if isinstance(found, IPv6Address) and found.ipv4_mapped is not None:
        raise ValueError("an IPv4-mapped IPv6 address is not allowed")
    return found


def _ip(text: str) -> dict[str, str]:
    return {IP: str(_parsed(text))}


def _address(value: object) -> IPv4Address | IPv6Address:
    return ip_address(field(value, IP))


def _cidr(text: str) -> dict[str, str]:
    address, slash, bits = text.partition("/")
    found = _parsed(address)
    if not slash or not _BITS.fullmatch(bits) or int(bits) > found.max_prefixlen:
        raise ValueError("network address parse error during conversion from string")
    return {CIDR: f"{found}/{bits}"}


def _succeeds(parse: Any) -> Any:  # noqa: ANN401 - implementations
    def does(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return does


def _network(value: object) -> Any:  # noqa: ANN401 - of either version
    return ip_network(field(value, CIDR), strict=False)


def _contains_ip(value: object, other: object) -> bool:
    address = _parsed(other) if isinstance(other, str) else _address(other)
    return bool(address in _network(value))


def _contains_cidr(value: object, other: object) -> bool:
    outer, inner = _network(value), _network(_cidr(other) if isinstance(other, str) else other)
    return bool(outer.version == inner.version and inner.subnet_of(outer))


def _is_link_local_multicast(value: object) -> bool:
    found = _address(value)
    if isinstance(found, IPv4Address):
        return found in _LINK_LOCAL_MULTICAST
    return found.packed[0] == 0xFF and found.packed[1] & 0x0F == 0x02  # noqa: PLR2004 - the scope's bits


def _is_link_local_unicast(value: object) -> bool:
    return _address(value).is_link_local


def _is_global_unicast(value: object) -> bool:
    found = _address(value)
    return not (
        found.is_unspecified or found.is_loopback or found.is_multicast or found.is_link_local or found == _BROADCAST
    )


FUNCTIONS = (
    Function(IP, ("STRING",), "MAP", _ip, is_member=False),
    Function("isIP", ("STRING",), "BOOL", _succeeds(_parsed), is_member=False),
    Function("ip.isCanonical", ("STRING",), "BOOL", lambda text: str(_parsed(text)) == text, is_member=False),
    Function("family", ("MAP",), "INT", lambda value: _address(value).version),
    Function("isUnspecified", ("MAP",), "BOOL", lambda value: _address(value).is_unspecified),
    Function("isLoopback", ("MAP",), "BOOL", lambda value: _address(value).is_loopback),
    Function("isLinkLocalMulticast", ("MAP",), "BOOL", _is_link_local_multicast),
    Function("isLinkLocalUnicast", ("MAP",), "BOOL", _is_link_local_unicast),
    Function("isGlobalUnicast", ("MAP",), "BOOL", _is_global_unicast),
    Function(CIDR, ("STRING",), "MAP", _cidr, is_member=False),
    Function("isCIDR", ("STRING",), "BOOL", _succeeds(_cidr), is_member=False),
    *(Function("containsIP", ("MAP", other), "BOOL", _contains_ip) for other in ("STRING", "MAP")),
    *(Function("containsCIDR", ("MAP", other), "BOOL", _contains_cidr) for other in ("STRING", "MAP")),
    Function(IP, ("MAP",), "MAP", lambda value: {IP: str(ip_interface(field(value, CIDR)).ip)}),
    Function("prefixLength", ("MAP",), "INT", lambda value: _network(value).prefixlen),
    Function("masked", ("MAP",), "MAP", lambda value: {CIDR: str(_network(value))}),
)
