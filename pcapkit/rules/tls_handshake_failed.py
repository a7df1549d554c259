"""The handshake failed for a reason that is neither the certificate nor the version."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pcapkit_dissectors.tls_names import version_name

from pcapkit.model import Json
from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._texts import who
from pcapkit.rules._tls import CERTIFICATE, Broken, broken_handshakes, hello_notes, is_version_refusal, offered
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="tls-handshake-failed",
    severity="warning",
    title="The TLS handshake failed",
    meaning="Phone and server agree on no cipher, the server has no site for the name, or it is broken: the handshake ended with an alert that has nothing to do "
    "with the certificate.",
    recognised="A fatal alert of the server before any application data (40 handshake_failure, 71 insufficient_security, 80 internal_error, "
    "86 inappropriate_fallback, 112 unrecognized_name, 120 no_application_protocol …), the like from the client, or the server's close right after the "
    "ClientHello; and the versions do not explain it.",
    wireshark="ClientHello, then an Alert (level fatal), or a RST or FIN of the server.",
    display_filter="tls.alert_message.level == 2",
    remedy=(
        "Alert 112, or a close without alert: look at the binding by name (SNI) on the proxy or server; some refuse clients that send no name.",
        "Alert 40 or 71: look at the ciphers of both sides; iOS asks for forward secrecy (ECDHE).",
        "Alert 120: look at ALPN on the proxy. Alert 80: look at the server's own log.",
    ),
    how_sure="High when an alert says so; medium when the connection was just closed.",
    facts={
        "server": "address and port",
        "name": "server name",
        "sni": "name in the ClientHello, or null",
        "offered": "versions that the client offers",
        "alert": "number of the alert, or null",
        "ended_by": "server or client",
        "ending": "alert, RST or FIN",
        "by_device": "for each device: platform",
    },
    sources=("RFC 8446, 6.2", "RFC 6066, 3"),
)
_HINTS: Final = {
    40: "no cipher or parameter in common",
    71: "the ciphers offered are too weak for the server",
    80: "an internal error",
    86: "a fallback to a lower version was refused",
    112: "the server has no site of that name",
    116: "the server wants a client certificate",
    120: "no application protocol in common",
}


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each attempt."""
    for broken in broken_handshakes(scene):
        of_client = broken.ending.side == "client"
        if of_client and broken.ending.alert in CERTIFICATE:
            continue
        if is_version_refusal(scene, broken) is None:
            yield _hit(broken)


def _hit(broken: Broken) -> Hit:
    attempt, ending = broken.attempt, broken.ending
    hint = _HINTS.get(ending.alert) if ending.alert is not None else "without a word"
    side = "The server" if ending.side == "server" else who(broken.session.device)
    facts: dict[str, Json] = {
        "server": attempt.server,
        "name": attempt.name,
        "sni": broken.tls.sni,
        "offered": [version_name(v) for v in offered(broken.tls)],
        "alert": ending.alert,
        "ended_by": ending.side,
        "ending": ending.words,
    }
    return Hit(
        subject=broken.subject,
        severity="info" if broken.later else "warning",
        confidence="high" if ending.alert is not None else "medium",
        because=(f"{ending.words} from the {ending.side} before any data",),
        headline=f"{side} ended the handshake for {attempt.name or attempt.server} at {attempt.server} with {ending.words}"
        + (f": {hint}." if hint else "."),
        evidence=tuple(hello_notes(broken)),
        facts=facts,
        device_facts={"platform": broken.session.device.platform.name, "worked_later": broken.later is not None},
        session=broken.session,
        attempt=attempt,
        absence=ending.alert is None,
    )
