"""Names and what they are for."""

import pytest
from pcapkit_dissectors.messages import ExchangeAnswer
from scenes import lync

from pcapkit.sessions.roles import (
    by_name,
    by_path,
    host_of,
    is_public_suffix,
    organisational_domain,
    search_suffix_of,
    told_by_exchange,
    told_by_lync,
)


@pytest.mark.parametrize(
    ("name", "domain"),
    [
        ("webext.contoso.com", "contoso.com"),
        ("a.b.contoso.co.uk", "contoso.co.uk"),
        ("contoso.com", "contoso.com"),
        ("fe01.corp.contoso.local", "contoso.local"),
        ("com", None),
        ("co.uk", None),
        ("", None),
        ("203.0.113.50", None),
        ("2001:db8::1", None),
        ("LyncDiscover.Contoso.COM.", "contoso.com"),
    ],
)
def test_organisational_domain(name, domain):
    assert organisational_domain(name) == domain


def test_public_suffixes():
    assert is_public_suffix("com")
    assert is_public_suffix("co.uk")
    assert not is_public_suffix("contoso.com")


@pytest.mark.parametrize(
    ("name", "role", "domain"),
    [
        ("lyncdiscoverinternal.contoso.com", "discover-internal", "contoso.com"),
        ("lyncdiscover.eu.contoso.com", "discover-external", "eu.contoso.com"),
        ("autodiscover.contoso.com", "exch-autodiscover", "contoso.com"),
        ("_autodiscover._tcp.contoso.com", "exch-srv", "contoso.com"),
        ("_sipinternaltls._tcp.contoso.com", "edge", "contoso.com"),
        ("sip.contoso.com", "edge", "contoso.com"),
    ],
)
def test_discovery_names(name, role, domain):
    told = by_name(name)
    assert (told.role, told.domain) == (role, domain)


@pytest.mark.parametrize("name", ["lyncdiscover", "www.contoso.com", "autodiscover-s.outlook.com", "mylyncdiscover.contoso.com", ""])
def test_other_names_have_no_role(name):
    assert by_name(name) is None


@pytest.mark.parametrize(
    ("name", "asked", "domains", "base"),
    [
        ("contoso.com.contoso.com", {"contoso.com"}, (), "contoso.com"),
        ("lyncdiscover.contoso.com.contoso.com", set(), (), "lyncdiscover.contoso.com"),
        ("lyncdiscover.contoso.com.corp.example", {"lyncdiscover.contoso.com"}, (), "lyncdiscover.contoso.com"),
        ("lyncdiscover.contoso.com.corp.example", set(), ("corp.example",), "lyncdiscover.contoso.com"),
        ("lyncdiscover.corp.example", set(), ("corp.example",), None),
        ("lyncdiscover.eu.contoso.com", {"lyncdiscover.contoso.com"}, (), None),
        ("autodiscover.co.co", set(), (), None),
    ],
)
def test_search_suffixes(name, asked, domains, base):
    assert search_suffix_of(name, asked, domains) == base


@pytest.mark.parametrize(
    ("href", "host"),
    [
        ("https://WebExt.Contoso.com/Mcx/McxService.svc", "webext.contoso.com"),
        ("InternalWeb.contoso.com/Ucwa/Discovery", "internalweb.contoso.com"),
        ("https://InternalWeb/Autodiscover", "internalweb"),
        ("http://[2001:db8::1]:8080/", "2001:db8::1"),
        ("https://[broken/", None),
        ("", None),
    ],
)
def test_host_of_a_link(href, host):
    assert host_of(href) == host


def test_a_lync_answer_tells_hosts():
    answer = lync(
        ("Internal/Autodiscover", "https://webint.contoso.com/x"),
        ("External/Mcx", "https://webext.contoso.com/Mcx"),
        ("Internal/Mcx", "https://webext.contoso.com/Mcx"),
        ("Internal/Ucwa", "https://pool.contoso.com/ucwa"),
        sip=(("SipClientExternalAccess", "sip.contoso.com", 443), ("SipClientInternalAccess", "pool01.contoso.com", 5061)),
    )
    told = {(t.host, t.role) for t in told_by_lync(answer)}
    assert ("webint.contoso.com", "web-internal") in told
    assert ("webext.contoso.com", "web-external") in told
    assert ("pool01.contoso.com", "web-internal") in told
    assert ("sip.contoso.com", "edge") in told
    assert all(host != "pool.contoso.com" for host, _ in told)


@pytest.mark.parametrize(("location", "role"), [("Internal", "web-internal"), ("External", "web-external")])
def test_links_of_a_root_follow_its_location(location, role):
    told = told_by_lync(lync(("User", "https://pool.contoso.com/root/user"), location=location))
    assert [t.role for t in told] == [role]


def test_an_exchange_answer_tells_hosts():
    settings = ExchangeAnswer("mobilesync", "settings", (("MobileSync", "https://mail.contoso.com/Microsoft-Server-ActiveSync"),))
    redirect = ExchangeAnswer("outlook", "redirect_url", (), "https://mail.fabrikam.com/autodiscover/autodiscover.xml")
    assert [(t.host, t.role) for t in told_by_exchange(settings)] == [("mail.contoso.com", "mobility")]
    assert [(t.host, t.role) for t in told_by_exchange(redirect)] == [("mail.fabrikam.com", "exch-autodiscover")]


def test_paths():
    assert by_path("/autodiscover/autodiscoverservice.svc/root") == ("discover-external", "lync")
    assert by_path("/autodiscover/autodiscover.xml") == ("exch-autodiscover", "exchange")
    assert by_path("/mcx/mcxservice.svc") == ("mobility", "lync")
    assert by_path("/index.html") is None
