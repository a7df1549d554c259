"""Client and server have no TLS version in common."""

from __future__ import annotations

from collections.abc import Iterator

from pcapkit_dissectors.tls_names import version_name

from pcapkit.model import Json
from pcapkit.rules._api import Hit, Rule
from pcapkit.rules._texts import who
from pcapkit.rules._tls import Broken, broken_handshakes, hello_notes, is_version_refusal, offered, spoken_elsewhere
from pcapkit.sessions.scene import Scene

RULE = Rule(
    code="tls-version-refused",
    severity="critical",
    title="Phone and server have no TLS version in common",
    meaning="The server refuses the versions that the phone offers, or the phone refuses the one that the server chose: an old phone at a hardened server, or a "
    "current phone at a server or proxy that still speaks TLS 1.0 only.",
    recognised="The server answers the ClientHello with alert 70 (protocol_version); or with alert 40 or 71, a RST or a FIN where the versions explain it (the "
    "client's highest is below what this server negotiated elsewhere in the capture, or below TLS 1.2). Or the client answers the ServerHello with alert 70, "
    "40, 47, 71, 80 or 86 where the version chosen is below TLS 1.2 or was not offered.",
    wireshark="Versions in the ClientHello (supported_versions), version of the ServerHello if there is one, then the alert or RST.",
    display_filter="tls.alert_message.desc == 70 || tls.handshake.type == 1 || tls.handshake.type == 2",
    remedy=(
        "Enable TLS 1.2 on the reverse proxy, the load balancer's client profile, and the Front End or Exchange servers.",
        "If the phone is the older side: update it or its app; old Android (before 5) and iOS (before 5) speak TLS 1.0 only.",
    ),
    how_sure="High when an alert says protocol_version; medium when a bare RST or FIN is explained by the versions.",
    facts={
        "server": "address and port",
        "name": "server name",
        "offered": "versions that the client offers",
        "chosen": "version of the ServerHello, or null",
        "elsewhere": "versions that the server negotiated in other connections",
        "refused_by": "server or client",
        "ending": "alert, RST or FIN",
        "by_device": "for each device: platform",
    },
    sources=("RFC 8446, 4.2.1, 6.2", "RFC 5246, E.1"),
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit]:
    """One hit for each attempt."""
    for broken in broken_handshakes(scene):
        if refusal := is_version_refusal(scene, broken):
            yield _hit(scene, broken, *refusal)


def _hit(scene: Scene, broken: Broken, reason: str, sure: bool) -> Hit:
    attempt, tls = broken.attempt, broken.tls
    side = "The server" if broken.ending.side == "server" else who(broken.session.device)
    facts: dict[str, Json] = {
        "server": attempt.server,
        "name": attempt.name,
        "offered": [version_name(v) for v in offered(tls)],
        "chosen": version_name(tls.version) if tls.version else None,
        "elsewhere": [version_name(v) for v in sorted(spoken_elsewhere(scene, attempt))],
        "refused_by": broken.ending.side,
        "ending": broken.ending.words,
    }
    return Hit(
        subject=broken.subject,
        severity="warning" if broken.later else "critical",
        confidence="high" if sure else "medium",
        because=(f"{broken.ending.words} from the {broken.ending.side}", reason),
        headline=f"{side} ended the handshake for {attempt.name or attempt.server} at {attempt.server} with {broken.ending.words}: {reason}.",
        evidence=tuple(hello_notes(broken)),
        facts=facts,
        device_facts={"platform": broken.session.device.platform.name, "worked_later": broken.later is not None},
        session=broken.session,
        attempt=attempt,
        absence=broken.ending.alert is None,
    )
