"""The gate against requests into private networks: forms, names, ports, and the laws behind them."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence

import pytest
from capture_kit import LOOPBACK, fetch, network
from hypothesis import given
from hypothesis import strategies as st

from crawler.addresses import RefusedAddress, check_address, check_port, check_url, embedded, within
from crawler.sample.misbehaviour import Misbehaviour
from crawler.sample.server import SampleServer
from crawler.wire import Client, Limits, Outgoing
from newswarc.items import Attempt, Exchange
from newswarc.settings import NetworkSettings

# 33 forms of an address that no crawl may reach.
REFUSED = [
    *("127.0.0.1", "127.0.0.2", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *("0.0.0.0", "0.0.0.1", "192.0.0.8", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1"),
    *("240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "fc00::1"),
    *("::ffff:169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b::7f00:1", "2002:a9fe:a9fe::1"),
    *("2002:7f00:1::", "2001::1", "2001:db8::1", "ff02::1", "::127.0.0.1"),
]
PUBLIC = [
    *("8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450:4001::200e", "::ffff:8.8.8.8", "64:ff9b::808:808"),
]

# Ways to write a host that a resolver might take for one of those.
SPELLINGS = [
    *("http://2130706433/", "http://0x7f000001/", "http://017700000001/", "http://127.1/", "http://127.0.1/"),
    *("http://0177.0.0.1/", "http://0x7f.0.0.1/", "http://127.0.0.1./", "http://2852039166/"),
    *("http://0xa9fea9fe/", "http://0251.254.169.254/", "http://１２７.0.0.1/", "http://127。0。0。1/"),
    *("http://①27.0.0.1/", "http://%31%32%37.0.0.1/", "http://[::1]/", "http://[::]/"),
    *("http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[0:0:0:0:0:ffff:169.254.169.254]/"),
    *("http://[fe80::1%25eth0]/", "http://[::127.0.0.1]/", "http://[64:ff9b::7f00:1]/"),
    *("http://[2002:7f00:1::]/", "http://0/", "http://0x/", "http://1.2.3.4.5/"),
]
LOCAL_NAMES = [
    *("localhost", "LOCALHOST", "localhost.", "a.localhost", "printer", "router.lan", "box.local"),
    *("vault.internal", "metadata.google.internal", "host.docker.internal", "nas.home", "gw.home.arpa"),
    *("db.corp", "x.intranet", "x.private", "x.localdomain"),
]
MISSHAPEN = [
    "ftp://example.org/",
    "file:///etc/hostname",
    "data:text/html,hello",
    "javascript:alert(1)",
    "gopher://example.org/",
    "http:example.org",
    "http:///path",
    "//example.org/",
    "",
    "http://user@example.org/",
    "http://user:word@example.org/",
    "http://example.org@127.0.0.1/",
    "http://127.0.0.1\\@example.org/",
    "http://[::1/",
    "http://example.org:99999/",
    "http://example.org:http/",
    "http://exa mple.org/",
    "http://example.org/\r\nX: y",
    "http://a..b/",
    f"http://{'a' * 64}.org/",
    f"http://{'a.' * 127}org/",
]


@pytest.mark.parametrize("address", REFUSED)
def test_addresses_that_are_refused(address: str) -> None:
    with pytest.raises(RefusedAddress, match="refused"):
        check_address(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_addresses_that_are_public(address: str) -> None:
    assert check_address(address) == ipaddress.ip_address(address)


@pytest.mark.parametrize("url", SPELLINGS)
def test_other_spellings_of_an_address_are_refused(url: str) -> None:
    with pytest.raises(RefusedAddress):
        check_url(url)


@pytest.mark.parametrize("name", LOCAL_NAMES)
def test_local_names_are_refused_also_where_the_network_is_allowed(name: str) -> None:
    with pytest.raises(RefusedAddress):
        check_url(f"http://{name}/", allow=LOOPBACK)


@pytest.mark.parametrize("url", MISSHAPEN)
def test_urls_that_are_no_page(url: str) -> None:
    with pytest.raises(RefusedAddress):
        check_url(url)


def test_what_a_url_asks_for() -> None:
    target = check_url("HTTPS://News.Example.ORG.:8443/a/b;c?d=e#f")
    assert (target.scheme, target.host, target.port) == ("https", "news.example.org", 8443)
    assert (target.netloc, target.path, target.address) == ("News.Example.ORG.:8443", "/a/b;c?d=e", None)
    assert target.url == "HTTPS://News.Example.ORG.:8443/a/b;c?d=e"
    assert check_url("http://example.org?q").path == "/?q"
    assert check_url("http://пример.рф/").netloc == "xn--e1afmkfd.xn--p1ai"
    assert check_url("http://[2606:4700::1111]:80/").address == ipaddress.ip_address("2606:4700::1111")
    assert check_url("http://under_score.example.org/").host == "under_score.example.org"


def test_an_allowed_network_is_let_through_and_nothing_else() -> None:
    assert check_address("127.0.0.1", LOOPBACK)
    assert check_address("::ffff:127.0.0.1", LOOPBACK)
    assert check_url("http://127.0.0.1:8080/", allow=LOOPBACK).port == 8080
    for address in ("10.0.0.1", "::1", "169.254.169.254"):
        with pytest.raises(RefusedAddress):
            check_address(address, LOOPBACK)


def test_ports() -> None:
    public, loopback = ipaddress.ip_address("8.8.8.8"), ipaddress.ip_address("127.0.0.1")
    check_port(public, 443, {80, 443})
    check_port(loopback, 8080, {80, 443}, LOOPBACK)
    for address, port in ((public, 22), (None, 8080), (loopback, 0), (public, 0)):
        with pytest.raises(RefusedAddress, match="port"):
            check_port(address, port, {80, 443}, LOOPBACK)


@given(st.ip_addresses(v=4))
def test_an_ipv6_form_is_refused_where_the_ipv4_address_is(address: ipaddress.IPv4Address) -> None:
    def refused(text: str) -> bool:
        try:
            check_address(text)
        except RefusedAddress:
            return True
        return False

    number = int(address)
    forms = [f"::ffff:{address}", f"64:ff9b::{address}", str(ipaddress.IPv6Address((0x2002 << 112) | (number << 80)))]
    for form in forms:
        assert embedded(ipaddress.ip_address(form)) == address
        if refused(str(address)):
            assert refused(form), form


@given(st.ip_addresses())
def test_whatever_passes_is_global_and_no_multicast(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    try:
        checked = check_address(address)
    except RefusedAddress:
        return
    assert not checked.is_multicast
    assert not checked.is_private or embedded(checked) is not None
    assert not within(checked, LOOPBACK)


@given(st.text(max_size=40))
def test_a_url_of_any_kind_is_read_or_refused(text: str) -> None:
    for url in (text, f"http://{text}", f"http://example.org/{text}"):
        try:
            target = check_url(url)
        except RefusedAddress:
            continue
        assert target.scheme in ("http", "https")
        assert target.path.startswith("/")
        assert target.netloc.isascii()


# ---- through the wire


def looked_up(*answers: Sequence[str]) -> tuple[list[str], object]:
    """A resolver that gives one answer after the other, and the names it was asked for."""
    asked: list[str] = []

    async def lookup(host: str) -> Sequence[str]:
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    return asked, lookup


@pytest.mark.parametrize("address", REFUSED)
def test_a_name_that_resolves_to_a_refused_address_is_not_dialled(address: str) -> None:
    _, lookup = looked_up([address])
    outcome = fetch(Client(NetworkSettings(), lookup=lookup), "http://innocent.example/")  # type: ignore[arg-type]
    assert isinstance(outcome.record, Attempt)
    assert outcome.record.reason == "refused-address"


def test_one_bad_answer_spoils_the_name() -> None:
    _, lookup = looked_up(["8.8.8.8", "169.254.169.254"])
    outcome = fetch(Client(NetworkSettings(), lookup=lookup), "http://mixed.example/")  # type: ignore[arg-type]
    assert isinstance(outcome.record, Attempt)
    assert "169.254.169.254" in outcome.record.detail


def test_rebinding_dials_the_address_that_was_checked() -> None:
    """A second answer that differs is never asked for: the very address that was checked is dialled."""
    with SampleServer({"*": Misbehaviour()}) as site:
        asked, lookup = looked_up(["127.0.0.1"], ["10.0.0.1"])
        client = Client(NetworkSettings(allow_networks=LOOPBACK), lookup=lookup)  # type: ignore[arg-type]
        outcome = fetch(client, f"http://rebinding.example:{site.port}/plain")
    assert isinstance(outcome.record, Exchange)
    assert outcome.record.ip == "127.0.0.1"
    assert asked == ["rebinding.example"]


def test_names_are_asked_for_once_by_those_who_ask_together() -> None:
    with SampleServer({"*": Misbehaviour()}) as site:
        asked, lookup = looked_up(["127.0.0.1"])
        client = Client(NetworkSettings(allow_networks=LOOPBACK), lookup=lookup)  # type: ignore[arg-type]
        url = f"http://same.example:{site.port}/plain"

        async def five() -> None:
            outcomes = await asyncio.gather(*(client.exchange(Outgoing(url)) for _ in range(5)))
            assert [outcome.status for outcome in outcomes] == [200] * 5

        asyncio.run(five())
    assert asked == ["same.example"]


def test_an_unknown_name_is_an_attempt_and_is_asked_for_again() -> None:
    answers = [socket.gaierror(-2, "Name or service not known"), socket.gaierror(-3, "Try again")]

    async def lookup(_: str) -> Sequence[str]:
        raise answers.pop(0)

    client = Client(NetworkSettings(), lookup=lookup)
    for _ in range(2):
        outcome = fetch(client, "http://nowhere.example/")
        assert isinstance(outcome.record, Attempt)
        assert outcome.record.reason == "dns"
        assert "nowhere.example" in outcome.record.detail
    assert not answers


def test_ports_of_public_addresses() -> None:
    _, lookup = looked_up(["8.8.8.8"])
    outcome = fetch(Client(NetworkSettings(), lookup=lookup), "http://shell.example:22/", Limits(deadline=5))  # type: ignore[arg-type]
    assert isinstance(outcome.record, Attempt)
    assert (outcome.record.reason, "port 22" in outcome.record.detail) == ("refused-address", True)


def test_a_mapped_destination_is_checked_like_any_other() -> None:
    """NEWSWARC_CONNECT_TO opens no way into networks that are not allowed; a literal address is judged as written."""
    with SampleServer({"*": Misbehaviour()}) as site:
        closed = Client(network(site.port, allow=()))
        refused = fetch(closed, "http://mapped.example/plain")
        opened = Client(network(site.port))
        fine = fetch(opened, "http://mapped.example/plain")
        literal = fetch(opened, "http://169.254.169.254/plain")
    assert isinstance(refused.record, Attempt)
    assert fine.status == 200
    assert isinstance(literal.record, Attempt)
    assert [entry.request.host for entry in site.log] == ["mapped.example"]
