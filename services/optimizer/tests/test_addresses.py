"""Which addresses count as public, whatever they are spelt like or carry inside."""

import asyncio
import ipaddress

import pytest

from thaman_optimizer.adapters.web.addresses import AddressRules, is_public
from thaman_optimizer.errors import PageRefused


@pytest.mark.parametrize(
    "spelling",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "255.255.255.255",
        "224.0.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2002:a00:1::1",
        "2001:0:0:0:0:0:80ff:fffe",
        "2001:db8::1",
        "fe80::1%eth0",
    ],
)
def test_addresses_that_are_not_public_are_refused(spelling: str) -> None:
    async def resolver(host: str, port: int) -> list[str]:
        return [spelling]

    with pytest.raises(PageRefused):
        asyncio.run(AddressRules(resolver=resolver).pin("rival.example", 443))


def test_public_addresses_pass_and_only_on_web_ports() -> None:
    async def resolver(host: str, port: int) -> list[str]:
        return ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"]

    rules = AddressRules(resolver=resolver)
    assert asyncio.run(rules.pin("example.com", 443)) == "93.184.215.14"
    for port in (22, 5432, 4222, 8080):
        with pytest.raises(PageRefused):
            asyncio.run(rules.pin("example.com", port))


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    async def resolver(host: str, port: int) -> list[str]:
        return ["93.184.215.14", "127.0.0.1"]

    for rules in (AddressRules(resolver=resolver), AddressRules(allow_loopback=True, resolver=resolver)):
        with pytest.raises(PageRefused):
            asyncio.run(rules.pin("example.com", 443))


def test_public_is_public() -> None:
    assert is_public(ipaddress.ip_address("8.8.8.8"))
    assert is_public(ipaddress.ip_address("64:ff9b::808:808"))
