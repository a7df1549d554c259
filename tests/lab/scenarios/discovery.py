"""What Lync discovery answers, in clear text (docs/domain.md, 2, 7 and 9)."""

from __future__ import annotations

from typing import Any

from acts import PASSWORD, TICKET, begin, discover, get, lync_external
from company import PUB, Site
from world import World

from scenarios._registry import Expect, iphone, scenario, two

CLEAR = {"clear_full": True}
ROOT = "/Autodiscover/AutodiscoverService.svc/root?sipuri=sip:pilar@contoso.com"


def _clear(world: World, phone: Any, path: str = ROOT, host: str = "LDI", *more: str, **kw: Any) -> int:
    return get(phone, world.url(host, path, "http"), *more, **kw)


# ---------------------------------------------------------------- clear text at all


@scenario(
    "http_only",
    "discovery is served in clear text and never tried over https",
    Site(app=CLEAR),
    codes=("http-fallback",),
    twin="healthy_clear_redirect",
)
def _http_only(world: World) -> list[Expect]:
    phone = iphone(world)
    discover(world, phone, scheme="http")
    lync_external(world, phone)
    return [Expect(phone, ("http-fallback",), facts={"http-fallback": {"form": "only"}}, severity={"http-fallback": "warning"})]


@scenario("http_parallel", "http and https are started side by side, and clear text wins", Site(app=CLEAR), codes=("http-fallback",),
          twin="http_parallel_https_wins")  # fmt: skip
def _parallel(world: World) -> list[Expect]:
    phone = iphone(world)
    world.box("fe").nft("table ip lab {\nchain inp {\ntype filter hook input priority 0;\ntcp dport 443 drop\n}\n}\n")
    slow = begin(phone, world.url("LDI", "/?sipuri=sip:pilar@contoso.com"), wait=3.5)
    discover(world, phone, scheme="http")
    get(phone, world.url("INTW", "/Autodiscover/AutodiscoverService.svc/root/domain", "http"))
    slow.wait(10)
    return [Expect(phone, ("http-fallback",), allowed=("service-no-reply",))]


@scenario("http_parallel_https_wins", "http and https are started side by side, and https is used", Site(app=CLEAR))
def _parallel_wins(world: World) -> list[Expect]:
    phone = iphone(world)
    other = begin(phone, world.url("LDI", "/?sipuri=sip:pilar@contoso.com", "http"))
    discover(world, phone)
    lync_external(world, phone)
    other.wait(10)
    return [Expect(phone)]


def _credentials(
    name: str, text: str, *more: str, host: str = "EXT", path: str = "/WebTicket/WebTicketService.svc/Auth", scheme: str | None = None
) -> None:
    @scenario(f"credentials_{name}", f"{text} over http", codes=("http-cleartext-credentials",))
    def play(world: World) -> list[Expect]:
        phone = iphone(world)
        discover(world, phone)
        _clear(world, phone, path, host, *more, post=True)
        facts = {"http-cleartext-credentials": {"scheme": scheme}} if scheme else {}
        return [Expect(phone, ("http-cleartext-credentials",), severity={"http-cleartext-credentials": "critical"}, facts=facts)]


_credentials("basic", "Basic", "-u", f"pilar:{PASSWORD}")
_credentials("ntlm", "NTLM", "--ntlm", "-u", f"pilar:{PASSWORD}")
_credentials("form", "a password form", "-d", f"grant_type=password&username=pilar&password={PASSWORD}", path="/WebTicket/oauthtoken")
_credentials("ticket", "a web ticket", "-H", TICKET, path=ROOT.replace("/root", "/root/user"))
_credentials("bearer", "a bearer token", "-H", "Authorization: Bearer cwt=c2VjcmV0LXRva2VuLW9mLXRoZS1sYWI", path="/ucwa/oauth/v1/applications")


# ---------------------------------------------------------------- wrong answers


def _fault(
    name: str, text: str, fault: dict[str, Any], code: str, *, allowed: tuple[str, ...] = (), times: int = 2, severity: str | None = None
) -> None:
    @scenario(name, text, Site(faults={"/autodiscover/autodiscoverservice.svc/root": fault}), codes=(code,), twin="healthy_clear_redirect")
    def play(world: World) -> list[Expect]:
        phone = iphone(world)
        for _ in range(times):
            _clear(world, phone)
        return [Expect(phone, (code,), allowed=allowed, severity={code: severity} if severity else {})]


_fault("http_404", "the discovery path is not published", {"status": 404, "body": "no"}, "autodiscover-http-error", severity="critical")
_fault("http_403", "the name is not published", {"status": 403, "body": "no"}, "autodiscover-http-error", severity="critical")
_fault(
    "http_500",
    "the front end is broken",
    {"status": 500, "headers": {"X-Ms-diagnostics": '28000;source="fe01";reason="broken"'}},
    "autodiscover-http-error",
)
_fault("http_503", "the back end is down", {"status": 503, "body": "no"}, "autodiscover-http-error", severity="critical")
_fault("http_html", "a web page instead of an answer", {"status": 200, "body": "<html><body>welcome</body></html>"}, "autodiscover-malformed",
       allowed=("http-fallback",))  # fmt: skip
_fault("http_not_json", "what claims to be JSON is cut", {"status": 200, "type": "application/json", "body": '{"AccessLocation":"Internal","Root":{"Li'},
       "autodiscover-malformed", allowed=("http-fallback",))  # fmt: skip
_fault("http_no_links", "a root without links", {"status": 200, "type": "application/json", "body": '{"AccessLocation":"Internal","Root":{"Links":[]}}'},
       "autodiscover-malformed", allowed=("http-fallback",))  # fmt: skip
_fault(
    "http_malformed_href", "a link without scheme, another with a single label", {
        "status": 200, "type": "application/json",
        "body": '{"AccessLocation":"Internal","Root":{"Links":[{"href":"lyncwebint.contoso.com/Ucwa/Discovery","token":"User"},{"href":"https://WEBINT/x","token":"Domain"}]}}'},
    "autodiscover-malformed", allowed=("http-fallback",),
)  # fmt: skip
_fault("http_quotes", "typographic quotes", {
    "status": 200, "type": "application/json",
    "body": "{“AccessLocation”:“Internal”,“Root”:{“Links”:[{“href”:“https://lyncwebint.contoso.com/Autodiscover/AutodiscoverService.svc/root/user”,“token”:“User”},"
            "{“href”:“https://lyncwebint.contoso.com/Autodiscover/AutodiscoverService.svc/root/domain”,“token”:“Domain”}]}}"},
    "autodiscover-malformed", allowed=("http-fallback",))  # fmt: skip
_fault("http_redirect_foreign", "clear text sends the phone into another domain", {"status": 302, "headers": {"Location": "https://www.fabrikam.com/lync"}},
       "autodiscover-redirect-insecure", allowed=("autodiscover-http-error",))  # fmt: skip
_fault("http_portal", "a captive portal answers discovery", {"status": 302, "headers": {"Location": "http://portal.hotel.example/login?u=1"}}, "captive-portal",
       allowed=("autodiscover-redirect-insecure",), severity="info")  # fmt: skip
_fault("http_511", "the network wants a login first (511)", {"status": 511, "body": "<html>log in</html>"}, "captive-portal",
       allowed=("autodiscover-http-error",))  # fmt: skip


@scenario("portal_probe", "a portal answers the connectivity probe", Site(app={"outside_faults": {
    "/hotspot-detect.html": {"status": 302, "headers": {"Location": "http://portal.hotel.example/login"}}}}), codes=("captive-portal",),
    twin="healthy_portal_checks")  # fmt: skip
def _portal_probe(world: World) -> list[Expect]:
    phone = iphone(world)
    get(phone, "http://captive.apple.com/hotspot-detect.html")
    get(phone, "http://portal.hotel.example/login")
    discover(world, phone)
    lync_external(world, phone)
    return [Expect(phone, ("captive-portal",), severity={"captive-portal": "info"})]


@scenario("http_redirect_loop", "http sends to itself by another name and back", Site(faults={
    "/autodiscover/autodiscoverservice.svc/root": {"status": 302, "headers": {"Location": "http://lyncwebint.contoso.com/lync"}},
    "/lync": {"status": 302, "headers": {"Location": f"http://lyncdiscoverinternal.contoso.com{ROOT}"}}}), codes=("autodiscover-redirect-loop",),
    twin="healthy_clear_redirect")  # fmt: skip
def _loop(world: World) -> list[Expect]:
    phone = iphone(world)
    _clear(world, phone, ROOT, "LDI", "-L", "--max-redirs", "5")
    return [Expect(phone, ("autodiscover-redirect-loop",), severity={"autodiscover-redirect-loop": "critical"})]


@scenario("http_root_loop", "the Redirect link leads back to the host that answered", Site(faults={"/autodiscover/autodiscoverservice.svc/root": {
    "status": 200, "type": "application/json",
    "body": '{"AccessLocation":"Internal","Root":{"Links":[{"href":"http://lyncdiscoverinternal.contoso.com' + ROOT + '","token":"Redirect"}]}}'}}),
    codes=("autodiscover-redirect-loop",), twin="healthy_clear_redirect")  # fmt: skip
def _root_loop(world: World) -> list[Expect]:
    phone = iphone(world)
    for _ in range(2):
        _clear(world, phone)
    return [Expect(phone, ("autodiscover-redirect-loop",), allowed=("http-fallback", "autodiscover-malformed", "autodiscover-redirect-insecure"))]


# ---------------------------------------------------------------- right form, wrong content


@scenario("http_mcx_internal", "Internal/Mcx names the internal web name", Site(app={"mcx_internal": True, **CLEAR}), codes=("mcx-internal-url",),
          twin="http_mcx_external")  # fmt: skip
def _mcx(world: World) -> list[Expect]:
    phone = iphone(world)
    discover(world, phone)
    _clear(world, phone, "/Autodiscover/AutodiscoverService.svc/root/domain", "INTW")
    return [Expect(phone, ("mcx-internal-url",), severity={"mcx-internal-url": "warning"})]


@scenario("http_mcx_external", "Internal/Mcx names the external web name, as it should", Site(app=CLEAR))
def _mcx_right(world: World) -> list[Expect]:
    phone = iphone(world)
    discover(world, phone)
    _clear(world, phone, "/Autodiscover/AutodiscoverService.svc/root/domain", "INTW")
    lync_external(world, phone)
    return [Expect(phone)]


@scenario("http_access_external", "the internal name is answered by the external site", Site(app={"site": "external", **CLEAR}), codes=("access-location-external",),
          twin="http_access_internal_right")  # fmt: skip
def _access(world: World) -> list[Expect]:
    phone = iphone(world)
    discover(world, phone)
    discover(world, phone, scheme="http")
    return [Expect(phone, ("access-location-external",), severity={"access-location-external": "warning"})]


@scenario("http_access_external_proxy", "the internal name leads to the proxy, whose site is the external one: harmless for phones", Site(records={
    "lyncdiscoverinternal.contoso.com": PUB}, app=CLEAR), codes=("access-location-external",), twin="http_access_internal_right")  # fmt: skip
def _access_proxy(world: World) -> list[Expect]:
    phone = iphone(world)
    discover(world, phone)
    discover(world, phone, scheme="http")
    lync_external(world, phone)
    return [Expect(phone, ("access-location-external",), severity={"access-location-external": "info"})]


@scenario("http_access_internal_right", "the internal name is answered by the internal site, lyncdiscover by the external one", Site(app=CLEAR))
def _access_right(world: World) -> list[Expect]:
    phone = iphone(world)
    for host in ("LDI", "LD"):
        discover(world, phone, host)
        discover(world, phone, host, "http")
    return [Expect(phone)]


@scenario("http_access_internal", "the proxy hands outside requests to the internal site", Site(mirror=("wan",), app={"site": "internal"}),
          codes=("access-location-internal",), twin="healthy_outside")  # fmt: skip
def _access_internal(world: World) -> list[Expect]:
    phone = world.outside_phone("roaming", "ios")
    discover(world, phone, "LD", "http")
    lync_external(world, phone)
    return [Expect(phone, ("access-location-internal",), severity={"access-location-internal": "warning"})]


@scenario("two_domains", "two phones of two SIP domains share the external web name", Site(records={
    "lyncdiscoverinternal.fabrikam.com": "10.107.171.10", "lyncdiscover.fabrikam.com": PUB}, rp="ok"), codes=("cert-name-mismatch",))  # fmt: skip
def _two_domains(world: World) -> list[Expect]:
    phones = two(world)
    discover(world, phones[0])
    lync_external(world, phones[0])
    get(phones[1], "https://lyncdiscoverinternal.fabrikam.com/?sipuri=sip:joe@fabrikam.com")
    return [Expect(phones[0]), Expect(phones[1], ("cert-name-mismatch",), severity={"cert-name-mismatch": "critical"})]
