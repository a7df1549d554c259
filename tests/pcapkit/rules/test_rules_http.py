"""What HTTP says, in clear or read with keys: which finding, and what keeps each silent."""

from __future__ import annotations

import pytest
from pcapkit_dissectors.messages import ExchangeAnswer, Unreadable
from scenes import World, lync

from pcapkit.rules import judge

LDI, LD, EXT, AD, MAIL = (
    "lyncdiscoverinternal.contoso.com",
    "lyncdiscover.contoso.com",
    "webext.contoso.com",
    "autodiscover.contoso.com",
    "mail.contoso.com",
)
FE, PROXY = "10.0.0.10", "203.0.113.50"
ROOT = "/Autodiscover/AutodiscoverService.svc/root"
POX = "/autodiscover/autodiscover.xml"
EAS = "/Microsoft-Server-ActiveSync"
BASIC = (("Authorization", "Basic YW5uYTpzZWNyZXQ="),)
FULL = (("Domain", f"https://webint.contoso.com{ROOT}/domain"), ("User", f"https://{EXT}{ROOT}/user"))


def findings(world: World, **options):
    found, _ = judge(world.scene(**options))
    return {f.code: f for f in found}


def phone_at(world: World, name: str = LDI, address: str = FE):
    phone = world.phone(hostname="Annas-iPhone")
    phone.lookup(name, address)
    return phone


def inside_tls(phone, *exchanges, name=LDI, address=FE):
    """Exchanges read with keys, in one connection."""
    talk = phone.connect(address).tls(name)
    for exchange in exchanges:
        talk.exchange(secure=True, **{"host": name, **exchange})
    return talk.close()


# ---------------------------------------------------------------- fallback


def test_http_after_failed_https_is_a_fallback_with_its_cause():
    world = World()
    phone = phone_at(world)
    phone.talk(FE).syn().reset()
    phone.http(FE, LDI, ROOT, answer=lync(*FULL))
    found = findings(world)
    assert set(found) == {"http-fallback", "service-reset"}
    assert found["http-fallback"].caused_by == (found["service-reset"].id,)
    assert found["http-fallback"].facts["form"] == "failed"


def test_http_only_with_an_answer_is_a_fallback_of_less_certainty():
    world = World()
    phone_at(world).http(FE, LDI, ROOT, answer=lync(*FULL))
    finding = findings(world)["http-fallback"]
    assert (finding.facts["form"], finding.confidence) == ("only", "medium")


def test_http_that_only_redirects_to_https_is_how_it_should_be():
    world = World()
    phone = phone_at(world)
    phone.http(FE, LDI, "/", answer=lync(("Redirect", f"https://{LDI}{ROOT}")))
    phone.https(FE, LDI)
    assert not findings(world)


def test_https_that_wins_beside_http_is_silent():
    world = World()
    phone = phone_at(world)
    phone.https(FE, LDI)
    phone.http(FE, LDI, ROOT, answer=lync(*FULL))
    assert not findings(world)


@pytest.mark.parametrize(
    ("reply", "wrong"),
    [
        ({"status": 302, "location": f"https://{AD}{POX}"}, False),
        ({"status": 404}, False),
        ({"status": 302, "location": f"http://{MAIL}{POX}"}, True),
        ({"status": 401, "www_authenticate": ("Basic realm=x",)}, True),
        ({"answer": ExchangeAnswer("pox", "settings", (("MobileSync", f"https://{MAIL}{EAS}"),))}, True),
    ],
)
def test_the_port_80_step_of_exchange_is_clear_by_design_and_must_not_give_more_than_a_redirect(reply, wrong):
    world = World()
    phone_at(world, AD).http(FE, AD, POX, **reply)
    assert ("http-fallback" in findings(world)) is wrong


# ---------------------------------------------------------------- credentials


@pytest.mark.parametrize(
    ("headers", "scheme"),
    [
        (BASIC, "Basic"),
        ((("Authorization", "NTLM TlRMTVNTUAADAAAA"),), "NTLM"),
        ((("X-MS-WebTicket", "opaque=abcdef"),), "web ticket"),
        ((("Cookie", "session=0123456789abcdef0123"),), "cookie session"),
    ],
)
def test_credentials_in_clear(headers, scheme):
    world = World()
    phone_at(world, AD).http(FE, AD, POX, headers=headers, status=200)
    finding = findings(world)["http-cleartext-credentials"]
    assert finding.severity == "critical"
    assert finding.facts["scheme"] == scheme
    assert "YW5uYTpzZWNyZXQ=" not in repr(finding)
    assert "abcdef" not in repr(finding)


@pytest.mark.parametrize("headers", [(), (("Cookie", "MS-WSMAN=0123456789abcdef0123"),), (("Cookie", "lang=en"),)])
def test_what_signs_nobody_in_is_silent(headers):
    world = World()
    phone_at(world, AD).http(FE, AD, POX, headers=headers, status=302, location=f"https://{AD}{POX}")
    assert "http-cleartext-credentials" not in findings(world)


def test_credentials_inside_tls_are_silent():
    world = World()
    inside_tls(phone_at(world, AD), {"path": POX, "headers": BASIC, "host": AD}, name=AD)
    assert "http-cleartext-credentials" not in findings(world)


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_errors_of_discovery_urls(status):
    world = World()
    inside_tls(phone_at(world), {"path": ROOT, "status": status})
    finding = findings(world)["autodiscover-http-error"]
    assert finding.facts["status"] == status
    assert finding.severity == "critical"


def test_a_challenge_is_no_error():
    world = World()
    inside_tls(
        phone_at(world),
        {"path": ROOT, "answer": lync(*FULL)},
        {"path": ROOT + "/user", "status": 401, "www_authenticate": ("Bearer x",)},
        {
            "path": ROOT + "/user",
            "status": 200,
            "headers": (("X-MS-WebTicket", "opaque=x"),),
            "answer": lync(("Ucwa", f"https://{EXT}/ucwa"), resource="user"),
        },
    )
    assert not findings(world)


def test_the_bare_domain_may_answer_what_it_likes():
    world = World()
    phone = world.phone(hostname="Annas-iPhone")
    phone.lookup("contoso.com", "203.0.113.80")
    inside_tls(phone, {"path": POX, "status": 404, "host": "contoso.com"}, name="contoso.com", address="203.0.113.80")
    phone.lookup(AD, FE)
    phone.https(FE, AD)
    assert "autodiscover-http-error" not in findings(world)


def test_refused_credentials_again_and_again():
    def play(times: int, headers=BASIC):
        world = World()
        phone = phone_at(world, AD)
        inside_tls(phone, *[{"path": POX, "status": 401, "host": AD, "headers": headers, "www_authenticate": ("Basic realm=x",)}] * times, name=AD)
        return findings(world)

    assert play(3)["autodiscover-auth-loop"].facts["count"] == 3
    assert "autodiscover-auth-loop" not in play(2)
    assert "autodiscover-auth-loop" not in play(4, headers=())
    assert "autodiscover-auth-loop" not in play(4, headers=(("Cookie", "session=0123456789abcdef0123"),))


@pytest.mark.parametrize(
    ("status", "headers", "severity"),
    [(403, (), "critical"), (503, (), "critical"), (451, (("X-MS-Location", f"https://m2.contoso.com{EAS}"),), "info")],
)
def test_errors_of_the_service(status, headers, severity):
    world = World()
    phone = phone_at(world, AD)
    phone.https(FE, AD)
    inside_tls(phone, {"path": f"{EAS}?Cmd=Sync", "status": status, "response_headers": headers, "host": MAIL, "headers": BASIC}, name=MAIL)
    assert findings(world)["mobility-service-error"].severity == severity


# ---------------------------------------------------------------- what the answer says


@pytest.mark.parametrize(
    "answer",
    [
        Unreadable("not a discovery document", html=True),
        lync(("Domain", "webint.contoso.com/x"), ("User", "https://x/y"), faults=("href without scheme: webint.contoso.com/x",)),
    ],
)
def test_answers_that_are_none(answer):
    world = World()
    inside_tls(phone_at(world), {"path": ROOT, "answer": answer})
    assert findings(world)["autodiscover-malformed"].facts["faults"]


@pytest.mark.parametrize(("method", "silent"), [("GET", True), ("POST", False)])
def test_error_600_is_the_healthy_answer_to_a_get(method, silent):
    world = World()
    answer = ExchangeAnswer("pox", "error", error_code="600", error_message="Invalid Request")
    inside_tls(phone_at(world, AD), {"path": POX, "answer": answer, "method": method, "host": AD}, name=AD)
    assert ("autodiscover-malformed" not in findings(world)) is silent


def test_from_https_to_http():
    world = World()
    inside_tls(phone_at(world, AD), {"path": POX, "status": 302, "location": f"http://{MAIL}{POX}?token=secret", "host": AD}, name=AD)
    finding = findings(world)["autodiscover-redirect-insecure"]
    assert finding.facts == {"from": f"https://{AD}{POX}", "to": f"http://{MAIL}{POX}", "kind": "scheme"}


def test_a_circle():
    world = World()
    phone = phone_at(world, AD)
    a = {"path": POX, "status": 302, "location": f"https://{AD}/b/autodiscover/autodiscover.xml", "host": AD}
    b = {"path": "/b/autodiscover/autodiscover.xml", "status": 302, "location": f"https://{AD}{POX}", "host": AD}
    inside_tls(phone, a, b, a, b, name=AD)
    assert findings(world)["autodiscover-redirect-loop"].severity == "critical"


def test_a_redirect_to_itself_is_a_circle_unless_it_leads_through():
    def play(*more):
        world = World()
        back = {"path": POX, "status": 302, "location": f"https://{AD}{POX}", "host": AD}
        inside_tls(phone_at(world, AD), back, *more, name=AD)
        return "autodiscover-redirect-loop" in findings(world), world.scene().sessions[0].failed_at

    assert play() == (True, "http")
    settings = ExchangeAnswer("pox", "settings")
    assert play({"path": POX, "host": AD, "answer": settings}) == (False, None)  # a load balancer that sets its cookie


def test_one_redirect_with_more_in_its_query_is_no_circle():
    world = World()
    target = f"https://{LDI}{ROOT}?originalDomain=contoso.com"
    inside_tls(
        phone_at(world), {"path": ROOT, "answer": lync(("Redirect", target))}, {"path": f"{ROOT}?originalDomain=contoso.com", "answer": lync(*FULL)}
    )
    assert "autodiscover-redirect-loop" not in findings(world)


@pytest.mark.parametrize(
    ("name", "location", "code"), [(LDI, "External", "access-location-external"), (LDI, "Internal", None), (LD, "External", None)]
)
def test_inside_devices_and_where_they_are_told_to_be(name, location, code):
    world = World()
    phone = phone_at(world, name, FE)
    inside_tls(phone, {"path": ROOT, "answer": lync(*FULL, location=location)}, name=name)
    got = {c for c in findings(world) if c.startswith("access-location")}
    assert got == ({code} if code else set())


def test_a_portal_before_discovery():
    world = World()
    phone = phone_at(world)
    phone.http(FE, LDI, ROOT, status=302, location="http://portal.hotel.example/login?u=1", content_type="text/html")
    found = findings(world)
    assert found["captive-portal"].severity == "info"
    assert "autodiscover-redirect-insecure" not in found


def test_a_name_that_ends_like_a_cloud_is_none():
    world = World()
    phone_at(world).http(FE, LDI, ROOT, status=302, location="https://evil-microsoft.com/x")
    assert findings(world)["autodiscover-redirect-insecure"].facts["kind"] == "domain"


APPLE, GOOGLE = ("captive.apple.com", "/hotspot-detect.html"), ("connectivitycheck.gstatic.com", "/generate_204")


@pytest.mark.parametrize(
    ("probe", "answer", "portal"),
    [
        (APPLE, {"status": 302, "location": "http://portal.hotel.example/login?mac=a4:83:e7:00:00:31"}, True),
        (APPLE, {"status": 200, "page": b"<HTML><BODY>Success</BODY></HTML>"}, False),
        (APPLE, {"status": 200, "page": b"<html>Welcome to our hotel</html>"}, True),
        (GOOGLE, {"status": 204}, False),
        (GOOGLE, {"status": 200, "page": b"<html>Welcome to our hotel</html>"}, True),
        (GOOGLE, {"status": 511}, True),
        (GOOGLE, {"status": 302, "location": "http://["}, False),
    ],
)
def test_a_portal_before_the_probe_of_the_system(probe, answer, portal):
    world = World()
    phone = phone_at(world)
    host, path = probe
    phone.lookup(host, "198.51.100.17")
    phone.http("198.51.100.17", host, path, **answer)
    phone.https(FE, LDI)
    finding = findings(world).get("captive-portal")
    assert bool(finding) is portal
    assert "mac=" not in repr(finding)


def test_a_probe_of_a_device_that_does_not_sign_in_is_nobodys_finding():
    world = World()
    phone_at(world).https(FE, LDI)
    other = world.phone("10.20.0.99", mac="a4:83:e7:00:00:99")
    other.lookup(APPLE[0], "198.51.100.17")
    other.http("198.51.100.17", *APPLE, status=302, location="http://portal.hotel.example/")
    assert "captive-portal" not in findings(world)


@pytest.mark.parametrize("target", ["http://[", "https://[::1/x", "//["])
def test_redirects_to_what_is_no_url(target):
    world = World()
    phone = phone_at(world, AD)
    for _ in range(3):
        phone.http(FE, AD, POX, status=302, location=target)
    phone.http(FE, LDI, ROOT, answer=lync(("Redirect", target), ("Internal/Mcx", target)))
    assert "autodiscover-redirect-loop" not in findings(world)


# ---------------------------------------------------------------- affinity and long polls


def test_servers_that_alternate_matter_only_when_errors_follow():
    def play(last: int):
        world = World()
        phone = phone_at(world)
        phone.https(FE, LDI)

        def mcx(server: str, status: int = 200):
            return {"path": "/Mcx/McxService.svc", "host": EXT, "status": status, "response_headers": (("X-MS-Server-Fqdn", server),)}

        phone.lookup(EXT, PROXY)
        inside_tls(phone, mcx("fe01"), mcx("fe02", last), name=EXT, address=PROXY)
        return findings(world)

    assert play(500)["affinity-lost"].facts["servers"] == ["fe01", "fe02"]
    assert "affinity-lost" not in play(200)


def test_a_cookie_that_changes():
    world = World()
    phone = phone_at(world)
    phone.https(FE, LDI)
    phone.lookup(EXT, PROXY)
    sent, new = (("Cookie", "MS-WSMAN=aaa"),), (("Set-Cookie", "MS-WSMAN=bbb; path=/"),)
    inside_tls(phone, {"path": "/Mcx/McxService.svc", "host": EXT, "headers": sent, "response_headers": new}, name=EXT, address=PROXY)
    assert findings(world)["affinity-lost"].facts["kind"] == "cookie-changed"


def test_polls_that_end_at_the_same_age():
    def play(ages):
        world = World(external_fqdns=(EXT,))
        phone = phone_at(world)
        phone.https(FE, LDI)
        phone.lookup(EXT, PROXY)
        for age in ages:
            talk = phone.connect(PROXY).tls(EXT).appdata()
            world.wait(age)
            talk.close(by="server")
        return findings(world)

    assert play([30.0] * 6)["longpoll-cut"].facts["count"] == 6
    assert "longpoll-cut" not in play([30.0] * 4)
    assert "longpoll-cut" not in play([20, 31, 44, 58, 71, 85])


# ---------------------------------------------------------------- nothing to be read


def test_contents_that_nobody_could_read_are_said():
    world = World()
    phone_at(world).https(FE, LDI)
    found, unjudged = judge(world.scene())
    assert (found, {n.devices for n in unjudged}) == ((), {("D1",)})
    assert {"autodiscover-*", "mcx-internal-url", "mobility-service-error"} <= {n.code for n in unjudged if "no keys" in n.reason}


def test_contents_that_were_read_are_not_missed():
    world = World()
    inside_tls(phone_at(world), {"path": ROOT, "answer": lync(*FULL)})
    assert judge(world.scene())[1] == ()


def test_urls_are_shown_as_they_were_sent_and_compared_as_iis_does():
    world = World()
    phone = phone_at(world)
    phone.http(FE, LDI, ROOT, status=503)
    phone.http(FE, LDI, ROOT.lower(), status=503)
    found = findings(world)["autodiscover-http-error"]
    assert f"{LDI}{ROOT} and got 503" in found.detail
    assert found.facts["path"] == ROOT.lower()
    assert {f"GET http://{LDI}{path}" for path in (ROOT, ROOT.lower())} >= {e.note for e in found.evidence if e.note.startswith("GET")}


def test_a_url_asked_of_a_proxy_is_its_path():
    from pcapkit.sessions.scene import Exchange

    world = World()
    phone_at(world).http(FE, LDI, f"http://{LDI}{ROOT}?sipuri=x", status=503)
    exchange: Exchange = world.scene().sessions[0].attempts[-1].exchanges[0]
    assert (exchange.sent_path, exchange.path) == (ROOT, ROOT.lower())
