"""From where somebody calls: his network, which limits of public routes are counted by.

An address is personal, so it is neither kept nor logged as it is. Behind a reverse proxy the address is what the proxy
says (`DELTAG_PROXIES`); else whatever a caller writes into a header would be believed.
"""

from ipaddress import IPv4Network, ip_address, ip_network
from typing import Final

UNKNOWN: Final = "unknown"
_OF_ONE_SUBSCRIBER: Final = 64
"""A subscriber has at least so many bits of IPv6 to choose addresses from (RFC 6177), so they count as one."""


def network_of(address: str) -> str:
    """The IPv4 address, or the /64 in which an IPv6 address lies; everybody without a readable address is one."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return UNKNOWN
    mapped = getattr(found, "ipv4_mapped", None) or found
    network = ip_network(mapped) if mapped.version == 4 else ip_network((mapped, _OF_ONE_SUBSCRIBER), strict=False)  # noqa: PLR2004 - IPv4
    return str(network.network_address) if isinstance(network, IPv4Network) else str(network)
