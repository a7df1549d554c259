from __future__ import annotations

import pytest
from pcapkit_dissectors.autodiscover_paths import is_discovery_host, is_discovery_type, is_probe, service_of, split_target
from pcapkit_dissectors.http_interest import keeps_bodies, keeps_body_of_type, request_matters, response_matters


@pytest.mark.parametrize(
    ("target", "host", "service"),
    [
        ("/?sipuri=sip:anna@example.com", "LyncDiscover.example.com", "lync-discovery"),
        ("/", "lyncdiscoverinternal.example.com:443", "lync-discovery"),
        ("/Autodiscover/AutodiscoverService.svc/root?originalDomain=example.com", "webext.example.com", "lync-discovery"),
        ("https://webext.example.com/autodiscover/autodiscoverservice.svc/root/oauth/user", None, "lync-discovery"),
        ("http://lyncdiscover.example.com", "proxy.example.net", "lync-discovery"),
        ("/Autodiscover/AutoDiscover.svc/Root", "webext.example.com", "lync-discovery"),
        ("/autodiscover/autodiscover.svc", "autodiscover.example.com", "exchange-discovery"),
        ("/Autodiscover/Autodiscover.xml", "example.com", "exchange-discovery"),
        ("/autodiscover/autodiscover.json/v1.0/anna@example.com?Protocol=ActiveSync", None, "exchange-discovery"),
        ("/WebTicket/WebTicketService.svc/cert", "webext.example.com", "webticket"),
        ("/Mcx/McxService.svc", "webext.example.com", "mcx"),
        ("/ucwa/oauth/v1/applications", "webext.example.com", "ucwa"),
        ("/Microsoft-Server-ActiveSync?Cmd=Ping", "mail.example.com", "activesync"),
        ("/owa", "mail.example.com", None),
        ("/autodiscovery", "example.com", None),
        ("/?next=/mcx/", "example.com", None),
        ("*", "autodiscover.example.com", None),
    ],
)
def test_service(target: str, host: str | None, service: str | None) -> None:
    assert service_of(target, host) == service


@pytest.mark.parametrize(
    ("target", "host", "split"),
    [
        ("/A?b#c", "Example.COM.:8080", ("example.com", "/a")),
        ("http://user:secret@Example.com:80/A", "other", ("example.com", "/a")),
        ("https://example.com?x", None, ("example.com", "/")),
        ("/x", "[2001:DB8::1]:443", ("2001:db8::1", "/x")),
        ("*", None, ("", "*")),
    ],
)
def test_targets_in_all_their_forms(target: str, host: str | None, split: tuple[str, str]) -> None:
    assert split_target(target, host) == split


def test_probes() -> None:
    assert is_probe("/", "captive.apple.com")
    assert is_probe("/generate_204?x", "anything.example.com")
    assert not is_probe("/", "www.example.com")


def test_names_and_types_of_discovery() -> None:
    assert is_discovery_host("AUTODISCOVER.example.com:443")
    assert not is_discovery_host("autodiscovery.example.com")
    assert not is_discovery_host(None)
    assert is_discovery_type("application/vnd.microsoft.rtc.autodiscover+xml; v=1")
    assert not is_discovery_type("text/xml")


def test_what_a_verdict_may_rest_on() -> None:
    assert request_matters("/", "autodiscover.example.com", ())
    assert request_matters("http://example.com/", None, ())
    assert request_matters("/owa", "mail.example.com", ("authorization",))
    assert not request_matters("/owa", "mail.example.com", ("cookie",))
    assert response_matters(401, None, ())
    assert response_matters(200, None, ("x-ms-server-fqdn",))
    assert not response_matters(200, "text/html", ("server",))


def test_mail_is_not_kept() -> None:
    assert keeps_bodies("/autodiscover/autodiscover.xml", None)
    assert keeps_bodies("/webticket/oauthtoken", None)
    assert not keeps_bodies("/Microsoft-Server-ActiveSync", "mail.example.com")
    assert keeps_body_of_type("text/XML; charset=utf-8")
    assert not keeps_body_of_type("image/png")
