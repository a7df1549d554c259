"""Every failure that a kernel and real software can produce, with what must (and may) be reported of it.

A scenario is a company (``Site``), what its phones do, and the expectation for each phone: ``expected`` codes, ``any_of`` groups of which one must be
found, ``allowed`` codes. Everything else that is reported is wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import acts
from acts import exchange, get, lync_external, lync_fallback, lync_inside
from world import NATIP, PUB, PUBLIC_DNS, RP, Phone, Site, World

IPHONE, ANDROID, WP, PC = "f0:db:e2:eb:2a:5b", "5c:0a:5b:73:2f:bb", "3c:c2:43:ce:12:5e", "8c:16:45:11:22:33"
Play = Callable[[World, Path], list["Expect"]]


@dataclass
class Expect:
    """What one phone (None: the capture) must get."""

    phone: Phone | None
    expected: tuple[str, ...] = ()
    any_of: tuple[tuple[str, ...], ...] = ()
    allowed: tuple[str, ...] = ()


@dataclass
class Scenario:
    """One recording."""

    name: str
    text: str
    site: Site
    play: Play
    options: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    tags: set[str] = field(default_factory=set)


SCENARIOS: dict[str, Scenario] = {}


def scenario(name: str, text: str, site: Site | None = None, *, options: tuple[str, ...] = (), tools: tuple[str, ...] = ()) -> Callable[[Play], Play]:
    """Register the decorated function as what the phones do."""

    def add(play: Play) -> Play:
        SCENARIOS[name] = Scenario(name, text, site or Site(), play, options, tools)
        return play

    return add


def two(world: World) -> tuple[Phone, Phone]:
    return world.phone("Hiros-iPhone", IPHONE, "ios"), world.phone("android-3bdb58b55fa38f", ANDROID, "android")


# ---------------------------------------------------------------- healthy twins


@scenario("healthy", "everything works, the U-turn too")
def _healthy(world: World, roots: Path) -> list[Expect]:
    phones = two(world)
    for phone in phones:
        lync_inside(world, phone, roots)
        acts.browse(phone, roots)
    return [Expect(p) for p in phones]


@scenario("healthy_exchange", "Exchange autodiscover and ActiveSync work")
def _healthy_exchange(world: World, roots: Path) -> list[Expect]:
    phones = two(world)
    for phone in phones:
        exchange(world, phone, roots)
    return [Expect(p) for p in phones]


@scenario("healthy_tls13", "everything works over TLS 1.3", Site(tls="TLSv1.3"))
def _healthy_tls13(world: World, roots: Path) -> list[Expect]:
    phones = two(world)
    for phone in phones:
        lync_inside(world, phone, roots)
    return [Expect(p) for p in phones]


@scenario("healthy_both_sides", "the U-turn works and is mirrored before and after the NAT", Site(mirror=("ap", "dmz")))
def _healthy_both_sides(world: World, roots: Path) -> list[Expect]:
    phones = two(world)
    for phone in phones:
        lync_inside(world, phone, roots)
    return [*(Expect(p) for p in phones), Expect(None, allowed=("capture-duplicates", "capture-drops"))]


# ---------------------------------------------------------------- hairpin


def _one_hairpin(code: str, allowed: tuple[str, ...] = ()) -> Play:
    def play(world: World, roots: Path) -> list[Expect]:
        phones = two(world)
        for phone in phones:
            lync_inside(world, phone, roots)
        return [*(Expect(p, (code,), allowed=allowed) for p in phones), Expect(None, allowed=("capture-duplicates", "capture-drops"))]

    return play


for _mode, _code in (
    ("drop", "hairpin-no-reply"),
    ("reset", "hairpin-reset"),
    ("icmp", "hairpin-unreachable"),
    ("asym", "hairpin-asymmetric-reply"),
    ("stall", "hairpin-stalled"),
):
    scenario(f"hairpin_{_mode}", f"the U-turn fails: {_mode}", Site(hairpin=_mode))(_one_hairpin(_code))
scenario("hairpin_after_nat", "the NAT works, the proxy drops; both sides are mirrored", Site(hairpin="after-nat", mirror=("ap", "dmz")))(
    _one_hairpin("hairpin-no-reply")
)


@scenario(
    "hairpin_bypassed", "inside DNS answers the external name with the proxy's inside address", Site(records={"webext.contoso.com": RP}, ttl=3600)
)
def _bypassed(world: World, roots: Path) -> list[Expect]:
    phone = two(world)[0]
    lync_inside(world, phone, roots)
    return [Expect(phone, allowed=("hairpin-bypassed",)), Expect(world.phones[1])]


@scenario(
    "hairpin_bypassed_known",
    "the same, and the external name is told on the command line",
    Site(records={"webext.contoso.com": RP}, ttl=3600),
    options=("--external-fqdn", "webext.contoso.com"),
)
def _bypassed_known(world: World, roots: Path) -> list[Expect]:
    phones = two(world)
    for phone in phones:
        lync_inside(world, phone, roots)
    return [Expect(p, ("hairpin-bypassed",)) for p in phones]


@scenario("uplink_down", "nothing outside answers", Site(uplink=False))
def _uplink(world: World, roots: Path) -> list[Expect]:
    phones = two(world)
    for address in ("198.51.100.80", "198.51.100.81", "198.51.100.82"):
        get(phones[0], f"https://{address}/", roots, wait=2.2)
    lync_inside(world, phones[0], roots)
    return [*(Expect(p) for p in phones), Expect(None, ("uplink-down",))]


# ---------------------------------------------------------------- services


@scenario("service_reset", "443 of the front end refuses, discovery goes on over clear HTTP", Site(closed=(443,), app={"clear_full": True}))
def _service_reset(world: World, roots: Path) -> list[Expect]:
    phones = two(world)
    for phone in phones:
        n = world.names
        get(phone, f"https://{n['LDI']}/?sipuri=sip:pilar@{n['domain']}", roots)
        get(phone, f"http://{n['LDI']}/?sipuri=sip:pilar@{n['domain']}", roots)
    return [Expect(p, ("service-reset", "http-fallback")) for p in phones]


@scenario("service_no_reply", "the front end's address does not exist", Site(records={"lyncdiscoverinternal.contoso.com": "10.107.171.99"}))
def _service_no_reply(world: World, roots: Path) -> list[Expect]:
    phone = world.phone("Hiros-iPhone", IPHONE, "ios")
    world.boxes["rtr"].nft("table ip more {\nchain f {\ntype filter hook forward priority 1;\nip daddr 10.107.171.99 drop\n}\n}\n")
    n = world.names
    get(phone, f"https://{n['LDI']}/?sipuri=sip:pilar@{n['domain']}", roots)
    return [Expect(phone, ("service-no-reply",))]


@scenario("service_unreachable", "the front end's address is not on its network", Site(records={"lyncdiscoverinternal.contoso.com": "10.107.171.99"}))
def _service_unreachable(world: World, roots: Path) -> list[Expect]:
    phone = world.phone("Hiros-iPhone", IPHONE, "ios")
    n = world.names
    get(phone, f"https://{n['LDI']}/?sipuri=sip:pilar@{n['domain']}", roots)
    return [Expect(phone, ("service-unreachable",))]


@scenario("port80_closed", "port 80 refuses and 443 works: silent", Site(closed=(80,)))
def _port80(world: World, roots: Path) -> list[Expect]:
    phone = world.phone("Hiros-iPhone", IPHONE, "ios")
    n = world.names
    get(phone, f"http://{n['LDI']}/?sipuri=sip:pilar@{n['domain']}", roots)
    lync_inside(world, phone, roots)
    return [Expect(phone)]


# ---------------------------------------------------------------- DNS


@scenario("dns_internal_missing", "no lyncdiscoverinternal inside", Site(records={"lyncdiscoverinternal.contoso.com": None}))
def _internal_missing(world: World, roots: Path) -> list[Expect]:
    phones = two(world)
    for phone in phones:
        lync_fallback(world, phone, roots)
    return [Expect(p, ("discover-internal-missing",)) for p in phones]


@scenario("dns_no_record", "neither name exists", Site(records={"lyncdiscoverinternal.contoso.com": None, "lyncdiscover.contoso.com": None}))
def _no_record(world: World, roots: Path) -> list[Expect]:
    phone = world.phone("Hiros-iPhone", IPHONE, "ios")
    n = world.names
    get(phone, f"https://{n['LDI']}/?sipuri=sip:pilar@{n['domain']}", roots)
    get(phone, f"https://{n['LD']}/?sipuri=sip:pilar@{n['domain']}", roots)
    return [Expect(phone, ("discover-no-record",))]


@scenario("dns_silent", "the resolver does not answer", Site(dns="silent"))
def _dns_silent(world: World, roots: Path) -> list[Expect]:
    phone = world.phone("Hiros-iPhone", IPHONE, "ios")
    n = world.names
    for _ in range(2):
        get(phone, f"https://{n['LDI']}/?sipuri=sip:pilar@{n['domain']}", roots)
    return [Expect(phone, ("dns-timeout",))]


@scenario("dns_refused", "the resolver refuses or fails", Site(dns="servfail"))
def _dns_refused(world: World, roots: Path) -> list[Expect]:
    phone = world.phone("Hiros-iPhone", IPHONE, "ios")
    n = world.names
    get(phone, f"https://{n['LDI']}/?sipuri=sip:pilar@{n['domain']}", roots)
    return [Expect(phone, expected=("dns-servfail",))]


@scenario(
    "dns_external_missing",
    "the inside zone lacks the external web name",
    Site(records={"webext.contoso.com": None}),
    options=("--external-fqdn", "webext.contoso.com"),
)
def _external_missing(world: World, roots: Path) -> list[Expect]:
    phones = two(world)
    for phone in phones:
        lync_inside(world, phone, roots)
    return [Expect(p, ("external-fqdn-unresolved",)) for p in phones]


@scenario(
    "dns_external_filtered",
    "a filter answers 0.0.0.0 for the external web name",
    Site(records={"webext.contoso.com": "0.0.0.0"}),
    options=("--external-fqdn", "webext.contoso.com"),
)
def _external_filtered(world: World, roots: Path) -> list[Expect]:
    phone = world.phone("Hiros-iPhone", IPHONE, "ios")
    lync_inside(world, phone, roots)
    return [Expect(phone, ("external-fqdn-unresolved",))]


@scenario("dns_bypass", "the phone asks a public resolver that it was not given")
def _dns_bypass(world: World, roots: Path) -> list[Expect]:
    good = world.phone("Hiros-iPhone", IPHONE, "ios")
    own = world.phone("android-3bdb58b55fa38f", ANDROID, "android", resolver=PUBLIC_DNS)
    lync_inside(world, good, roots)
    lync_fallback(world, own, roots)
    return [Expect(good), Expect(own, ("dns-bypass",), allowed=("discover-internal-missing",))]


@scenario("exchange_no_record", "no autodiscover name", Site(records={"autodiscover.contoso.com": None}))
def _exchange_no_record(world: World, roots: Path) -> list[Expect]:
    phone = world.phone("Hiros-iPhone", IPHONE, "ios")
    exchange(world, phone, roots)
    return [Expect(phone, ("discover-no-record",))]


# ---------------------------------------------------------------- certificates


def _rejecting(kind: str, code: str, allowed: tuple[str, ...] = ()) -> None:
    @scenario(f"cert_{kind.replace('-', '_')}", f"the front end shows a chain of kind {kind}; phones refuse it", Site(fe=kind))
    def play(world: World, roots: Path) -> list[Expect]:
        phones = two(world)
        n = world.names
        get(phones[0], f"https://{n['LDI']}/?sipuri=sip:pilar@{n['domain']}", roots)
        get(phones[1], f"https://{n['LDI']}/?sipuri=sip:pilar@{n['domain']}", roots, tool="python")
        return [Expect(p, (code,), allowed=allowed) for p in phones]


for _kind, _code, _allowed in (
    ("private-ca", "untrusted-private-ca", ()),
    ("private-ca-leaf-only", "untrusted-private-ca", ()),
    ("self-signed", "untrusted-self-signed", ("cert-no-server-auth",)),
    ("incomplete", "untrusted-incomplete-chain", ()),
    ("expired", "cert-expired", ()),
    ("not-yet", "cert-not-yet-valid", ()),
    ("mismatch", "cert-name-mismatch", ()),
):
    _rejecting(_kind, _code, _allowed)


def _accepting(kind: str, code: str, also: tuple[str, ...] = ()) -> None:
    @scenario(
        f"cert_{kind.replace('-', '_')}",
        f"the front end shows a chain of kind {kind}; phones that have the corporate root accept it",
        Site(fe=kind),
        options=("--trust", "{corp}"),
    )
    def play(world: World, _: Path) -> list[Expect]:
        phone = world.phone("Hiros-iPhone", IPHONE, "ios")
        get(
            phone,
            f"https://{world.names['LDI']}/?sipuri=sip:pilar@{world.names['domain']}",
            world.pki.all_roots,
            tls="-k" if kind in ("weak-key", "weak-signature", "no-server-auth") else "",
        )
        return [Expect(phone, (code,), allowed=also)]


_accepting("no-san", "cert-no-san", ("cert-name-mismatch",))
_accepting("no-server-auth", "cert-no-server-auth")
_accepting("long", "cert-lifetime-too-long")
_accepting("weak-key", "cert-weak-key")
_accepting("weak-signature", "cert-weak-signature")


@scenario("cert_expiring", "the proxy's certificate ends in five days", Site(rp="expiring"))
def _expiring(world: World, roots: Path) -> list[Expect]:
    phone = world.phone("Hiros-iPhone", IPHONE, "ios")
    lync_inside(world, phone, roots)
    return [Expect(phone, ("cert-expiring",))]


@scenario("private_ca_falls_back", "Windows Phone refuses the private chain and goes on to the external name", Site(fe="private-ca"))
def _falls_back(world: World, roots: Path) -> list[Expect]:
    phone = world.phone("Windows-Phone-Jonas", WP, "windows-phone")
    lync_fallback(world, phone, roots)
    return [Expect(phone, ("untrusted-private-ca",))]


@scenario(
    "private_ca_trusted",
    "the phones have the corporate root, and so has the analyzer: silent",
    Site(fe="private-ca", cas="private-ca"),
    options=("--trust", "{corp}"),
)
def _trusted(world: World, _: Path) -> list[Expect]:
    phone = world.phone("Hiros-iPhone", IPHONE, "ios")
    lync_inside(world, phone, world.pki.all_roots)
    return [Expect(phone)]


@scenario("private_ca_accepted", "the phone accepts a chain that the analyzer does not know: worth knowing, no more", Site(fe="private-ca"))
def _accepted(world: World, _: Path) -> list[Expect]:
    phone = world.phone("android-3bdb58b55fa38f", ANDROID, "android")
    lync_inside(world, phone, world.pki.all_roots)
    return [Expect(phone, ("untrusted-private-ca",))]


def _library(tool: str, version: str) -> None:
    hidden = version == "TLSv1.3"

    @scenario(
        f"refused_by_{tool}_{version[4:].replace('.', '')}",
        f"{tool} refuses a private chain over {version}",
        Site(fe="private-ca", tls=version),
        tools=(tool,),
    )
    def play(world: World, roots: Path) -> list[Expect]:
        phone = world.phone("Hiros-iPhone", IPHONE, "ios")
        for _ in range(2):
            get(phone, f"https://{world.names['LDI']}/?sipuri=sip:pilar@{world.names['domain']}", roots, tool=tool)
        return [Expect(phone, ("tls-rejected-by-client",) if hidden else ("untrusted-private-ca",))]


for _tool in acts.LIBRARIES:
    for _version in ("TLSv1.2", "TLSv1.3"):
        _library(_tool, _version)


@scenario("tls_version_refused", "the server speaks TLS 1.0 only, the phone wants 1.2", Site(tls="TLSv1", ciphers="ALL:@SECLEVEL=0"))
def _version_refused(world: World, roots: Path) -> list[Expect]:
    phone = world.phone("Hiros-iPhone", IPHONE, "ios")
    for _ in range(2):
        get(phone, f"https://{world.names['LDI']}/?sipuri=sip:pilar@{world.names['domain']}", roots, tls="--tlsv1.2")
    return [Expect(phone, ("tls-version-refused",))]


@scenario("tls_handshake_failed", "no cipher in common", Site(ciphers="ECDHE-ECDSA-AES256-GCM-SHA384"))
def _handshake_failed(world: World, roots: Path) -> list[Expect]:
    phone = world.phone("Hiros-iPhone", IPHONE, "ios")
    get(
        phone,
        f"https://{world.names['LDI']}/?sipuri=sip:pilar@{world.names['domain']}",
        roots,
        tls="--tls-max 1.2 --ciphers ECDHE-RSA-AES128-GCM-SHA256",
    )
    return [Expect(phone, ("tls-handshake-failed",))]


# ---------------------------------------------------------------- HTTP


def _clear(world: World, phone: Phone, roots: Path, path: str = "/?sipuri=sip:pilar@contoso.com", *, user: bool = False, host: str = "LDI") -> int:
    return get(phone, f"http://{world.names[host]}{path}", roots, user=user)


@scenario("http_redirect_only", "HTTP answers only a Redirect to https, and the phone goes there: silent")
def _redirect_only(world: World, roots: Path) -> list[Expect]:
    phone = world.phone("Hiros-iPhone", IPHONE, "ios")
    _clear(world, phone, roots)
    lync_inside(world, phone, roots)
    return [Expect(phone)]


@scenario("http_only", "discovery is served in clear text and never tried over https", Site(app={"clear_full": True}))
def _http_only(world: World, roots: Path) -> list[Expect]:
    phone = world.phone("Hiros-iPhone", IPHONE, "ios")
    _clear(world, phone, roots)
    lync_external(world, phone, roots)
    return [Expect(phone, ("http-fallback",))]


@scenario("http_credentials", "ActiveSync over http with Basic")
def _credentials(world: World, roots: Path) -> list[Expect]:
    phone = world.phone("Hiros-iPhone", IPHONE, "ios")
    exchange(world, phone, roots)
    get(
        phone,
        f"http://{world.names['MAIL']}/Microsoft-Server-ActiveSync?Cmd=Sync&User=pilar&DeviceId=ApplC37J&DeviceType=iPhone",
        roots,
        post=True,
        user=True,
    )
    return [Expect(phone, ("http-cleartext-credentials",))]


def _fault(
    name: str,
    text: str,
    fault: dict[str, object],
    code: str,
    *,
    any_of: tuple[str, ...] = (),
    allowed: tuple[str, ...] = (),
    path: str = "/autodiscover/autodiscoverservice.svc/root",
) -> None:
    site = Site(faults={path: fault})

    @scenario(name, text, site)
    def play(world: World, roots: Path) -> list[Expect]:
        phone = world.phone("Hiros-iPhone", IPHONE, "ios")
        for _ in range(2):
            _clear(world, phone, roots, "/Autodiscover/AutodiscoverService.svc/root?sipuri=sip:pilar@contoso.com")
        return [Expect(phone, (code,) if code else (), any_of=(any_of,) if any_of else (), allowed=allowed)]


_fault("http_404", "the discovery path is not published", {"status": 404, "body": "no"}, "autodiscover-http-error")
_fault("http_503", "the back end is down", {"status": 503, "body": "no"}, "autodiscover-http-error")
_fault(
    "http_html",
    "a web page instead of an answer",
    {"status": 200, "body": "<html><body>welcome</body></html>"},
    "autodiscover-malformed",
    allowed=("http-fallback", "captive-portal"),
)
_fault(
    "http_malformed_href", "a link without scheme",
    {"status": 200, "type": "application/json", "body": '{"AccessLocation":"Internal","Root":{"Links":[{"href":"lyncwebint.contoso.com/Ucwa/Discovery","token":"User"},{"href":"https://WEBINT/x","token":"Domain"}]}}'},
    "autodiscover-malformed", allowed=("http-fallback",),
)  # fmt: skip
_fault(
    "http_portal",
    "a captive portal answers",
    {"status": 302, "headers": {"Location": "http://portal.hotel.example/login?u=1"}},
    "captive-portal",
    allowed=("autodiscover-redirect-insecure", "http-fallback"),
)


@scenario("http_mcx_internal", "Internal/Mcx names the internal web name", Site(app={"mcx_internal": True, "clear_full": True}))
def _mcx(world: World, roots: Path) -> list[Expect]:
    phone = world.phone("Hiros-iPhone", IPHONE, "ios")
    _clear(world, phone, roots)
    _clear(world, phone, roots, "/Autodiscover/AutodiscoverService.svc/root/domain", host="INTW")
    return [Expect(phone, ("mcx-internal-url",), allowed=("http-fallback",))]


@scenario("http_access_external", "the internal name is answered by the external site", Site(app={"site": "external", "clear_full": True}))
def _access(world: World, roots: Path) -> list[Expect]:
    phone = world.phone("Hiros-iPhone", IPHONE, "ios")
    _clear(world, phone, roots)
    return [Expect(phone, ("access-location-external",), allowed=("http-fallback",))]


@scenario(
    "http_redirect_loop",
    "http and https send to each other",
    Site(
        faults={
            "/autodiscover/autodiscover.xml": {
                "status": 302,
                "headers": {"Location": "http://autodiscover.contoso.com/autodiscover/autodiscover.xml"},
            }
        }
    ),
)
def _loop(world: World, roots: Path) -> list[Expect]:
    phone = world.phone("Hiros-iPhone", IPHONE, "ios")
    for _ in range(3):
        _clear(world, phone, roots, "/autodiscover/autodiscover.xml", host="AD")
    return [Expect(phone, ("autodiscover-redirect-loop",), allowed=("http-fallback", "autodiscover-redirect-insecure"))]


@scenario(
    "http_auth_loop",
    "complete credentials are refused again and again",
    Site(faults={"/microsoft-server-activesync": {"status": 401, "headers": {"WWW-Authenticate": 'Basic realm="x"'}}}),
)
def _auth_loop(world: World, roots: Path) -> list[Expect]:
    phone = world.phone("Hiros-iPhone", IPHONE, "ios")
    for _ in range(4):
        get(phone, f"http://{world.names['MAIL']}/Microsoft-Server-ActiveSync?Cmd=Sync", roots, post=True, user=True)
    return [Expect(phone, ("autodiscover-auth-loop", "http-cleartext-credentials"))]


@scenario("mobility_error", "Mcx answers 503 in clear text behind the TLS offload", Site(faults={"/mcx/": {"status": 503}}))
def _mobility(world: World, roots: Path) -> list[Expect]:
    phone = world.phone("Hiros-iPhone", IPHONE, "ios")
    lync_inside(world, phone, roots)
    get(phone, f"http://{world.names['INTW']}/Mcx/McxService.svc", roots, post=True)
    return [Expect(phone, ("mobility-service-error",))]


# ---------------------------------------------------------------- the capture itself


@scenario("capture_snaplen", "packets are cut at 128 bytes", Site(snaplen=128))
def _snaplen(world: World, roots: Path) -> list[Expect]:
    phone = world.phone("Hiros-iPhone", IPHONE, "ios")
    lync_inside(world, phone, roots)
    return [Expect(phone), Expect(None, ("capture-snaplen",))]


@scenario("ordinary_traffic", "no autodiscover at all: an unanswered SYN to a stranger, a refused port, browsing")
def _ordinary(world: World, roots: Path) -> list[Expect]:
    phone = world.phone("Hiros-iPhone", IPHONE, "ios")
    acts.browse(phone, roots)
    get(phone, "https://198.51.100.90/", roots, wait=2.5)
    get(phone, f"https://{NATIP}:8443/", roots, wait=2.0)
    get(phone, f"http://{PUB}:81/", roots, wait=2.0)
    return [Expect(phone)]
