"""Requests of one session land on different servers, and errors follow."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit.rules._api import Hit, Note, Rule
from pcapkit.rules._http import Placed, answered, asked, exchanges, header, host_of, service
from pcapkit.rules._texts import who
from pcapkit.sessions.outcomes import is_challenge
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="affinity-lost",
    severity="warning",
    title="The load balancer changes servers within a session",
    meaning="Requests of one session are answered by different Front Ends which do not know its state: the client signs in again and again, or gets errors.",
    recognised="X-MS-Server-Fqdn alternates between requests of one session and errors (4xx/5xx other than the normal challenge) follow; or MS-WSMAN is set to a new value although the request carried one; "
    "or a request to Mcx lacks MS-WSMAN after it had been set. Needs readable HTTP (clear, decrypted, or captured behind the proxy).",
    wireshark="http.response with X-MS-Server-Fqdn or Set-Cookie: MS-WSMAN.",
    display_filter='http contains "MS-WSMAN" || http contains "X-MS-Server-Fqdn"',
    remedy=(
        "Lync 2010: cookie affinity with MS-WSMAN set on every response whose request lacked it, not HttpOnly, without expiry.",
        "Internal VIP: source address affinity, and no source NAT in front of it (behind one, every phone has the same address).",
    ),
    how_sure="High for cookies; medium for alternation with errors. Alternation without errors is normal for external Skype for Business services.",
    facts={"servers": "X-MS-Server-Fqdn values in order", "kind": "alternation, cookie-changed or cookie-missing"},
    sources=("Load balancing requirements for Skype for Business",),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each session and host."""
    groups: dict[tuple[str, str], list[Placed]] = {}
    for placed in exchanges(scene):
        if placed.exchange.response and service(placed):
            groups.setdefault((placed.session.id, host_of(placed)), []).append(placed)
    for (_, host), placed_list in groups.items():
        placed_list.sort(key=lambda p: p.exchange.response_ref.time_ns if p.exchange.response_ref else 0)
        for kind, found in (
            ("cookie-changed", _cookie_changed(placed_list)),
            ("cookie-missing", _cookie_missing(placed_list)),
            ("alternation", _alternation(placed_list)),
        ):
            if found:
                yield _hit(kind, host, found)
                break


def _hit(kind: str, host: str, found: list[Placed]) -> Hit:
    session = found[0].session
    evidence: list[Note] = []
    for placed in found[:6]:
        evidence += [*asked(placed), *answered(placed)]
    servers = [s for p in found if (s := header(p.exchange.response, "x-ms-server-fqdn"))]
    said = {
        "cookie-changed": "was given a new MS-WSMAN cookie although it carried one",
        "cookie-missing": "asked Mcx without the MS-WSMAN cookie that it had been given",
        "alternation": f"was answered by {' and '.join(dict.fromkeys(servers))} in turn, and errors followed",
    }[kind]
    return Hit(
        subject=(host,),
        severity="warning",
        confidence="medium" if kind == "alternation" else "high",
        because=("the answers are in the capture",),
        headline=f"{who(session.device)} at {host} {said}.",
        evidence=tuple(evidence),
        facts={"servers": list(servers[:12]), "kind": kind},
        device=session.device.id,
        session=session,
        attempt=found[0].attempt,
    )


def _wsman_sent(placed: Placed) -> str | None:
    request = placed.exchange.request
    for name, value in request.raw_headers if request else ():
        if name.lower() == "cookie":
            for pair in value.split(";"):
                key, _, secret = pair.strip().partition("=")
                if key.lower() == "ms-wsman":
                    return secret
    return None


def _wsman_set(placed: Placed) -> str | None:
    response = placed.exchange.response
    for name, value in response.raw_headers if response else ():
        key, _, secret = value.split(";", 1)[0].partition("=")
        if name.lower() == "set-cookie" and key.strip().lower() == "ms-wsman":
            return secret
    return None


def _cookie_changed(placed_list: list[Placed]) -> list[Placed]:
    return [p for p in placed_list if (sent := _wsman_sent(p)) and (new := _wsman_set(p)) and sent != new]


def _cookie_missing(placed_list: list[Placed]) -> list[Placed]:
    given = False
    for placed in placed_list:
        if given and service(placed) == "mcx" and _wsman_sent(placed) is None:
            return [placed]
        given = given or _wsman_set(placed) is not None
    return []


def _alternation(placed_list: list[Placed]) -> list[Placed]:
    """Requests from the first change of server on, if errors follow it."""
    named = [p for p in placed_list if header(p.exchange.response, "x-ms-server-fqdn")]
    for i in range(1, len(named)):
        before, after = (header(p.exchange.response, "x-ms-server-fqdn") for p in (named[i - 1], named[i]))
        if before == after:
            continue
        errors = [p for p in named[i:] if p.exchange.response and p.exchange.response.status >= 400 and not is_challenge(p.exchange)]
        return [named[i - 1], named[i], *[p for p in errors if p is not named[i]]] if errors else []
    return []
