"""Names that the user gave to MACs and addresses (``[names]`` of the configuration), in place of what the capture calls a device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pcapkit.model import Device, Report


def named(report: Report, names: Mapping[str, str]) -> Report:
    """The report with devices called as in ``names`` (by MAC or address, lower case)."""
    if not names:
        return report
    return replace(report, devices=tuple(_named(device, names) for device in report.devices))


def _named(device: Device, names: Mapping[str, str]) -> Device:
    known = (names[key.lower()] for key in (device.mac, *device.addresses) if key is not None and key.lower() in names)
    name = next(known, None)
    if name is None or name == device.hostname:
        return device
    own = (f"calls itself {device.hostname}",) if device.hostname else ()
    return replace(device, hostname=name, notes=(*device.notes, *own))
