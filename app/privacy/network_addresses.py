"""What is kept and counted of a network address: never more of it than the purpose needs."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

COUNTED = {4: 32, 6: 64}
"""Prefix lengths by which tries are counted: a whole IPv4 address; of IPv6 the part that one line or phone is given."""
SHOWN = {4: 24, 6: 48}
"""Prefix lengths that the security log keeps, as the README's part on data protection states."""


def counted_address(text: str | None) -> str:
    """The address block by which tries are counted; empty if the text is no address (a local socket)."""
    return _block(text, COUNTED)


def shown_network(text: str | None) -> str:
    """The network that the security log keeps of an address, such as `203.0.113.0/24`; empty if it is none."""
    return _block(text, SHOWN)


def _block(text: str | None, lengths: dict[int, int]) -> str:
    address = _address(text)
    if address is None:
        return ""
    return str(ip_network((int(address), lengths[address.version]), strict=False))


def _address(text: str | None) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address((text or "").partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
