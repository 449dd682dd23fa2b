"""Truncation of network addresses: only as many bits as the purpose needs."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

RATE_LIMIT_PREFIXES = {4: 32, 6: 64}
"""Prefix lengths for counting attempts: a whole IPv4 address; of IPv6 the prefix that one line or phone is assigned."""
LOG_PREFIXES = {4: 24, 6: 48}
"""Prefix lengths stored in the security log, as the README states under data protection."""


def rate_limit_network(text: str | None) -> str:
    """Return the network by which attempts are counted; empty if the text is not an address (a local socket)."""
    return _network(text, RATE_LIMIT_PREFIXES)


def logged_network(text: str | None) -> str:
    """Return the network stored in the security log, such as `203.0.113.0/24`; empty if the text is not an address."""
    return _network(text, LOG_PREFIXES)


def _network(text: str | None, prefixes: dict[int, int]) -> str:
    address = _address(text)
    if address is None:
        return ""
    return str(ip_network((int(address), prefixes[address.version]), strict=False))


def _address(text: str | None) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address((text or "").partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
