"""By which network a caller is counted."""

from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.http.origin import UNKNOWN, network_of


@given(st.ip_addresses(v=4))
def test_every_ipv4_address_counts_for_itself(address: object) -> None:
    """As it is, and as a server that listens on both writes it."""
    assert network_of(str(address)) == str(address) == network_of(f"::ffff:{address}")


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_a_subscriber_of_ipv6_is_one(network: int, one: int, other: int) -> None:
    """Whoever changes the lower half of his address is counted as before; whoever changes the upper one is somebody else."""

    def of(upper: int, lower: int) -> str:
        return network_of(str(IPv6Address(upper << 64 | lower)))

    network |= 1 << 61  # a global address: one that holds an IPv4 address is counted by that
    assert of(network, one) == of(network, other)
    assert of(network, one) != of(network ^ 1, one)


@given(st.text())
def test_what_is_no_address_is_nobodys(text: str) -> None:
    """Nothing that a server could hand over raises; what cannot be read is counted together."""
    assert network_of(text) == UNKNOWN or network_of(text)


@pytest.mark.parametrize("text", ["", "unix:", "203.0.113.9:443", "localhost"])
def test_what_cannot_be_read_is_one_caller(text: str) -> None:
    """Without a readable address everybody is counted as one."""
    assert network_of(text) == UNKNOWN


def test_a_zone_is_no_part_of_an_address() -> None:
    """An address of the local link with the name of the interface is read."""
    assert network_of("fe80::1%eth0") == "fe80::/64"
