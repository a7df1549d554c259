"""From the scene and the findings to the nouns of the report: only what the contract prints remains, with the cross references between them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pcapkit.model import Device, Finding, Session
from pcapkit.sessions.scene import DeviceCase, Scene, SessionCase


def devices_of(scene: Scene, notes: Callable[[str | None], tuple[str, ...]] = lambda _: ()) -> tuple[Device, ...]:
    """The devices, each with the sessions it had. ``notes``: what else is known of a MAC (its story on the air)."""
    sessions: dict[str, list[str]] = {}
    for case in scene.sessions:
        sessions.setdefault(case.device.id, []).append(case.id)
    return tuple(_device(device, sessions.get(device.id, ()), notes(device.mac)) for device in scene.devices)


def sessions_of(scene: Scene, findings: Iterable[Finding]) -> tuple[Session, ...]:
    """The sessions, each with the findings that hit it, most severe first."""
    hits: dict[str, list[str]] = {}
    for finding in findings:
        for session in finding.sessions:
            hits.setdefault(session, []).append(finding.id)
    return tuple(_session(case, hits.get(case.id, ())) for case in scene.sessions)


def _device(device: DeviceCase, sessions: Iterable[str], notes: tuple[str, ...]) -> Device:
    return Device(
        id=device.id,
        mac=device.mac,
        mac_randomized=device.mac_randomized,
        vendor=device.vendor,
        addresses=device.addresses,
        hostname=device.hostname,
        platform=device.platform,
        sessions=tuple(sessions),
        notes=(*device.notes, *notes),
    )


def _session(case: SessionCase, findings: Iterable[str]) -> Session:
    return Session(
        id=case.id,
        device=case.device.id,
        service=case.service,
        domain=case.domain,
        first_time_ns=case.first_time_ns,
        last_time_ns=case.last_time_ns,
        outcome=case.outcome,
        failed_at=case.failed_at,
        summary=case.summary,
        steps=case.steps,
        findings=tuple(findings),
    )
