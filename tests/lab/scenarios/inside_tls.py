"""What only the clients' TLS secrets show: the same faults as in clear text, inside TLS 1.2, TLS 1.3 and HTTP/2 (docs/domain.md, 6)."""

from __future__ import annotations

from typing import Any

from acts import AUTODISCOVER, SYNC, discover, exchange, get, lync_inside
from company import PUB, RP, Site
from world import World

from scenarios._registry import Expect, everywhere, iphone, scenario, two

EXT = "webext.contoso.com"
RSA = {"tls": "TLSv1.2", "fe": "ok-rsa", "rp": "ok-rsa", "cas": "ok-rsa"}
VERSIONS = {
    "12": Site(tls="TLSv1.2"),
    "12_rsa": Site(**RSA, ciphers="AES256-GCM-SHA384"),
    "12_rsa_cbc": Site(**RSA, ciphers="AES128-SHA"),
    "12_dhe": Site(**RSA, ciphers="DHE-RSA-AES128-GCM-SHA256"),
    "12_cbc": Site(**RSA, ciphers="ECDHE-RSA-AES128-SHA256"),
    "12_ccm": Site(tls="TLSv1.2", ciphers="ECDHE-ECDSA-AES128-CCM"),
    "12_chacha": Site(tls="TLSv1.2", ciphers="ECDHE-ECDSA-CHACHA20-POLY1305"),
    "13": Site(tls="TLSv1.3"),
    "13_http2": Site(tls="TLSv1.3", http2=True),
}


def _healthy(name: str, site: Site) -> None:
    @scenario(
        f"keys_healthy_{name}",
        f"everything works and can be read: {site.tls} {site.ciphers} {'HTTP/2' if site.http2 else ''}".rstrip(),
        site,
        keys=True,
    )
    def play(world: World) -> list[Expect]:
        phone = iphone(world, keys=True)
        phone.habits = ("--http2",) if site.http2 else ("--ciphers", site.ciphers)  # some are no client's own choice
        lync_inside(world, phone)
        exchange(world, phone)
        return [Expect(phone)]


for _name, _site in VERSIONS.items():
    _healthy(_name, _site)


@scenario("keys_private_ca_13", "the chain that a phone refuses over TLS 1.3", Site(fe="private-ca", tls="TLSv1.3"), codes=("untrusted-private-ca",),
          twin="keys_healthy_13", keys=True)  # fmt: skip
def _private_ca(world: World) -> list[Expect]:
    phone = iphone(world, keys=True)
    for _ in range(2):
        discover(world, phone)
    return [Expect(phone, any_of=(("untrusted-private-ca", "tls-rejected-by-client"),))]


@scenario("keys_expired_13", "an expired certificate that a careless phone accepts over TLS 1.3", Site(rp="expired", tls="TLSv1.3"), codes=("cert-expired",),
          twin="keys_healthy_13", keys=True)  # fmt: skip
def _expired(world: World) -> list[Expect]:
    phone = iphone(world, keys=True)
    discover(world, phone)
    get(phone, world.url("EXT", "/WebTicket/WebTicketService.svc/mex"), "-k")
    return [Expect(phone, ("cert-expired",))]


def _inside(name: str, text: str, site: Site, code: str, path: str, *, host: str = "LDI", allowed: tuple[str, ...] = (), post: bool = False, user: bool = False,
            times: int = 2, twin: str = "keys_healthy_12", more: tuple[str, ...] = (), facts: dict[str, Any] | None = None) -> None:  # fmt: skip
    @scenario(f"keys_{name}", f"{text}, inside TLS", site, codes=(code,), twin=twin, keys=True)
    def play(world: World) -> list[Expect]:
        phone = iphone(world, keys=True)
        if path != "/?sipuri=sip:pilar@contoso.com":
            discover(world, phone)
        for _ in range(times):
            get(phone, world.url(host, path), *more, post=post, user=user)
        return [Expect(phone, (code,), allowed=allowed, facts={code: facts} if facts else {})]


ROOT = "/?sipuri=sip:pilar@contoso.com"
_inside("mcx_internal", "Internal/Mcx names the internal web name", Site(app={"mcx_internal": True}), "mcx-internal-url",
        "/Autodiscover/AutodiscoverService.svc/root/domain", host="INTW")  # fmt: skip
_inside(
    "access_external",
    "the internal name is answered by the external site",
    Site(app={"site": "external"}, tls="TLSv1.3"),
    "access-location-external",
    ROOT,
)
_inside("http_error", "discovery is broken", Site(faults={"/": {"status": 500}}), "autodiscover-http-error", ROOT)
_inside("http_error_http2", "discovery is broken, over HTTP/2", Site(faults={"/": {"status": 503}}, tls="TLSv1.3", http2=True), "autodiscover-http-error", ROOT,
        more=("--http2",), twin="keys_healthy_13_http2")  # fmt: skip
_inside(
    "malformed",
    "a web page instead of an answer",
    Site(faults={"/": {"status": 200, "body": "<html>welcome</html>"}}),
    "autodiscover-malformed",
    ROOT,
)
_inside("redirect_insecure", "https sends to http", Site(faults={"/autodiscover/autodiscover.xml": {
    "status": 302, "headers": {"Location": "http://mail.contoso.com/autodiscover/autodiscover.xml"}}}), "autodiscover-redirect-insecure", AUTODISCOVER,
    host="AD", post=True)  # fmt: skip
_inside("redirect_loop", "https sends round", Site(faults={
    AUTODISCOVER: {"status": 302, "headers": {"Location": f"https://mail.contoso.com{AUTODISCOVER}"}}}),
    "autodiscover-redirect-loop", AUTODISCOVER, host="MAIL")  # fmt: skip
_inside("mobility_error", "Mcx is forbidden", Site(rp_faults={"/mcx/": {"status": 403}}), "mobility-service-error", "/Mcx/McxService.svc", host="EXT", post=True,
        facts={"status": 403, "service": "mcx"})  # fmt: skip
_inside("mobility_error_http2", "Mcx fails over HTTP/2", Site(rp_faults={"/mcx/": {"status": 502}}, tls="TLSv1.3", http2=True), "mobility-service-error",
        "/Mcx/McxService.svc", host="EXT", post=True, more=("--http2",), twin="keys_healthy_13_http2")  # fmt: skip
_inside("auth_loop", "complete credentials are refused again and again", Site(faults={"/autodiscover/autodiscover.xml": {
    "status": 401, "headers": {"WWW-Authenticate": 'Basic realm="x"'}}}), "autodiscover-auth-loop", AUTODISCOVER, host="AD", post=True, user=True, times=4)  # fmt: skip
_inside("451", "the mailbox has moved", Site(faults={"/microsoft-server-activesync": {"status": 451, "signed_in": True, "headers": {
    "X-MS-Location": "https://owa.contoso.com/Microsoft-Server-ActiveSync"}}}), "mobility-service-error", SYNC, host="MAIL", post=True, user=True)  # fmt: skip
_inside("affinity", "two servers in turn, and errors", Site(pool=("fe01.contoso.com", "fe02.contoso.com"), rp_faults={"/mcx/": {
    "status": 500, "on": "fe02.contoso.com"}}), "affinity-lost", "/Mcx/McxService.svc", host="EXT", post=True, times=4, allowed=("mobility-service-error",))  # fmt: skip


@scenario("keys_external_missing", "the answer names an external web name that does not resolve inside", Site(records={EXT: None}),
          codes=("external-fqdn-unresolved",), twin="keys_healthy_12", keys=True)  # fmt: skip
def _external_missing(world: World) -> list[Expect]:
    phones = two(world, keys=True)
    for phone in phones:
        lync_inside(world, phone)
    return everywhere(phones, "external-fqdn-unresolved", outcome="failed")


@scenario("keys_bypassed", "the answer names the external web name, which inside DNS answers with a private address", Site(records={EXT: RP}, ttl=3600),
          codes=("hairpin-bypassed",), twin="keys_healthy_12", keys=True)  # fmt: skip
def _bypassed(world: World) -> list[Expect]:
    phones = two(world, keys=True)
    for phone in phones:
        lync_inside(world, phone)
    return everywhere(phones, "hairpin-bypassed", severity={"hairpin-bypassed": "warning"}, facts={"hairpin-bypassed": {"ttl": 3600}})


@scenario(
    "keys_hairpin",
    "the answer inside TLS proves that the address is ours",
    Site(hairpin="drop"),
    codes=("hairpin-no-reply",),
    twin="keys_healthy_12",
    keys=True,
)
def _hairpin(world: World) -> list[Expect]:
    phone = iphone(world, keys=True)
    lync_inside(world, phone)
    return [Expect(phone, ("hairpin-no-reply",), facts={"hairpin-no-reply": {"address": PUB}})]


BEARER = {"WWW-Authenticate": 'Bearer client_id="00000002-0000-0ff1-ce00-000000000000",trusted_issuers="x@contoso.com",'
                              'authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"'}  # fmt: skip


@scenario("keys_modern_authentication", "Lync and Exchange hand the phone on to the cloud's sign-in, which gives it a token", Site(
    tls="TLSv1.3", faults={path: {"status": 401, "signed_in": False, "headers": BEARER} for path in ("/microsoft-server-activesync", "/autodiscover/autodiscover.xml")},
    rp_faults={"/autodiscover/autodiscoverservice.svc/root/oauth/user": {"status": 401, "signed_in": False, "headers": BEARER}}), keys=True)  # fmt: skip
def _modern(world: World) -> list[Expect]:
    phone = iphone(world, keys=True)
    token = ("-H", "Authorization: Bearer eyJvZiI6InRoZSBsYWIifQ.c2lnbmVk")
    discover(world, phone)
    for url, post in (
        (world.url("EXT", "/Autodiscover/AutodiscoverService.svc/root/oauth/user"), False),
        (world.url("AD", AUTODISCOVER), True),
        (world.url("MAIL", SYNC), True),
    ):
        get(phone, url, post=post)
        get(phone, "https://login.microsoftonline.com/common/oauth2/authorize")
        get(phone, url, *token, post=post)
    return [Expect(phone)]


def _resumed(version: str) -> None:
    @scenario(f"keys_resumed_{version[4:].replace('.', '')}", f"{version} sessions taken up again can be read too", Site(tls=version, resume="ticket", rp_faults={
        "/mcx/": {"status": 503}}), codes=("mobility-service-error",), twin=f"tls_resumed_{version[4:].replace('.', '')}", keys=True)  # fmt: skip
    def play(world: World) -> list[Expect]:
        phone = iphone(world, keys=True)
        discover(world, phone)
        ticket, mcx = world.url("EXT", "/WebTicket/WebTicketService.svc/mex"), world.url("EXT", "/Mcx/McxService.svc")
        get(phone, mcx, "-H", "Connection: close", ticket, ticket)
        return [Expect(phone, ("mobility-service-error",), facts={"mobility-service-error": {"status": 503}})]


_resumed("TLSv1.2")
_resumed("TLSv1.3")
