"""The chain ends at a CA that no store knows: the classic of phones on corporate Wi-Fi."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from pcapkit.model import Json
from pcapkit.rules._api import Hit, Note, Rule, Unjudged
from pcapkit.rules._chains import FACTS, Meeting, by_reaction, chain_hit, did, meetings, target
from pcapkit.rules._inspection import Found, first_of, foreign_names
from pcapkit.rules._texts import listed, who
from pcapkit.rules._unseen import unseen_chains
from pcapkit.sessions.scene import Scene
from pcapkit.trust.verdict import Fault

RULE = Rule(
    code="untrusted-private-ca",
    severity="critical",
    title="The server's certificate is from a CA that the phone does not know",
    meaning="The server presents a certificate of a private CA, usually the company's own. Domain members get that root by group policy; phones do "
    "not. Depending on the platform the phone cannot connect, asks its user, or goes on to another name without a word.",
    recognised="The chain, verified signature by signature at the packet's time, ends at a root that is neither in the public store (roots that left it "
    "count until they left) nor given with --trust, or its last issuer is unknown and shows no sign of a public CA. Critical if a device refused it and "
    "had no other way, warning if devices fell back or what they did cannot be seen, info if every device sent data. Subtype tls-inspection where the "
    "same CA signs unrelated public names.",
    wireshark="The Certificate message after the ServerHello: its last issuer is the company's. Then the client's alert (often 46, 48 or 42: the number "
    "names the client's library, not the fault) or a FIN, and often a lookup of another name.",
    display_filter="tls.handshake.type == 11 || tls.alert_message.level == 2",
    remedy=(
        "Put a public certificate on the name that phones meet: a reverse proxy that carries lyncdiscover and lyncdiscoverinternal of every SIP domain.",
        "Or give phones the root by MDM. iOS: it must be fully trusted (by hand: Settings › General › About › Certificate Trust Settings). "
        "Android 7 and later: most apps ignore CAs of the user's store, so a public certificate is the only way.",
        "If the root is on the phones already, tell the analyzer: --trust ROOT.pem.",
    ),
    how_sure="High when the chain can be read (TLS 1.2 and before, or with keys). Medium when it was read in another connection to the same server, or when "
    "the root was not sent and its name could be public. Never said from record lengths or alert numbers alone.",
    facts={
        **FACTS,
        "subtype": "tls-inspection, or null",
        "missing_issuer": "the first issuer that was not sent, or null",
        "inspected": "unrelated public names that the same CA signed",
    },
    sources=(
        "Trust manually installed certificate profiles in iOS and iPadOS",
        "Android: Network security configuration",
        "RFC 5280, 6.1",
    ),
)
_INSPECTION: Final = (
    "Exempt the service's names from TLS inspection: apps that pin certificates fail under it, and so do phones without its root.",
    "Or give phones the inspecting proxy's root by MDM (Android 7 and later: most apps ignore it).",
)


@RULE.over_scene
def check(scene: Scene) -> Iterator[Hit | Unjudged]:
    """One hit for each session, server and name; and what cannot be judged of any chain."""
    yield from unseen_chains(scene)
    foreign: dict[str, dict[str, Note]] | None = None
    for meeting in meetings(scene):
        if fault := meeting.fault(RULE.code):
            foreign = foreign_names(scene) if foreign is None else foreign
            yield _hit(meeting, fault, foreign.get(meeting.leaf.issuer, {}))


def _hit(meeting: Meeting, fault: Fault, foreign: Found) -> Hit:
    names, notes = first_of(foreign)
    hit = chain_hit(meeting, fault, by_reaction(meeting, fault), _headline(meeting, fault, names))
    extra: dict[str, Json] = {
        "subtype": "tls-inspection" if names else None,
        "missing_issuer": meeting.verdict.missing_issuer,
        "inspected": list(names),
    }
    evidence: tuple[Note, ...] = (*hit.evidence, *notes)
    return replace(hit, facts={**hit.facts, **extra}, evidence=evidence, remedy=_INSPECTION if names else None)


def _headline(meeting: Meeting, fault: Fault, names: tuple[str, ...]) -> str:
    sentence = f"{who(meeting.session.device)} {did(meeting)} the certificate of {target(meeting)}: it {_says(fault.detail)}."
    return f"{sentence} The same CA signs {listed(names)}: TLS is being inspected." if names else sentence


def _says(detail: str) -> str:
    """``ends at …`` goes on as it is; a missing issuer needs a verb."""
    return detail if detail.startswith("ends") else f"ends nowhere: {detail}"
