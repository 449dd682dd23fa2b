"""The parts of a network address that are kept."""

from ipaddress import ip_address, ip_network

from hypothesis import given
from hypothesis import strategies as st

from app.privacy.network_addresses import logged_network, rate_limit_network


@given(st.ip_addresses())
def test_an_address_lies_in_both_blocks_and_the_log_keeps_less_of_it_than_is_counted(
    address: object,
) -> None:
    counted, shown = rate_limit_network(str(address)), logged_network(str(address))
    if getattr(address, "ipv4_mapped", None) is None:
        assert address in ip_network(counted) and address in ip_network(shown)
    assert ip_network(shown).num_addresses >= 256
    assert ip_network(counted).subnet_of(ip_network(shown))


def test_blocks_are_those_that_the_readme_states() -> None:
    assert rate_limit_network("203.0.113.77") == "203.0.113.77/32"
    assert logged_network("203.0.113.77") == "203.0.113.0/24"
    assert rate_limit_network("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64"
    assert logged_network("2001:db8:1:2:3:4:5:6") == "2001:db8:1::/48"


def test_an_ipv4_address_written_as_ipv6_is_the_same_address() -> None:
    assert rate_limit_network(f"::ffff:{ip_address('203.0.113.7')}") == rate_limit_network(
        "203.0.113.7"
    )


@given(st.text() | st.none())
def test_what_is_no_address_is_no_error(text: str | None) -> None:
    for block in (rate_limit_network(text), logged_network(text)):
        assert block == "" or ip_network(block)
