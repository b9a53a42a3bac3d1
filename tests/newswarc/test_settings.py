"""Settings are checked at the door: a bad one is named with its remedy."""

import pytest

from newswarc.settings import PATIENCE, BadSetting, NetworkSettings, patience


def read(**environ):
    return NetworkSettings.from_environment({f"NEWSWARC_{k}": v for k, v in environ.items()})


def test_nothing_set_allows_nothing_private():
    settings = read()
    assert settings.allow_networks == ()
    assert settings.allow_ports == {80, 443}
    assert settings.connect_to == ()


def test_connect_to_matches_as_curls_option_does():
    one, every = read(CONNECT_TO="news.example:443=127.0.0.1:8443, *:*=[::1]:8080").connect_to
    assert one.matches("NEWS.example", 443)
    assert not one.matches("news.example", 80)
    assert every.matches("any.example", 80)
    assert (every.to_address, every.to_port) == ("::1", 8080)


@pytest.mark.parametrize(
    "environ",
    [
        {"ALLOW_NETWORKS": "loopback"},
        {"ALLOW_PORTS": "80,http"},
        {"ALLOW_PORTS": "70000"},
        {"CONNECT_TO": "news.example=127.0.0.1"},
        {"CONNECT_TO": "news.example:443=other.example:443"},
        {"CONNECT_TO": ":443=127.0.0.1:443"},
        {"CA_FILE": "/nowhere/ca.pem"},
    ],
)
def test_a_setting_that_cannot_be_read_is_named(environ):
    (name,) = environ
    with pytest.raises(BadSetting, match=f"NEWSWARC_{name}"):
        read(**environ)


@pytest.mark.parametrize(("given", "seconds"), [("", PATIENCE), ("0", 0), ("2.5", 2.5)])
def test_patience_is_in_seconds(monkeypatch, given, seconds):
    monkeypatch.setenv("NEWSWARC_PATIENCE", given)
    assert patience() == seconds


@pytest.mark.parametrize("given", ["soon", "-1", "inf", "nan"])
def test_patience_that_is_no_number_of_seconds_is_named(monkeypatch, given):
    monkeypatch.setenv("NEWSWARC_PATIENCE", given)
    with pytest.raises(BadSetting, match="NEWSWARC_PATIENCE"):
        patience()
