"""Which platform a device is: signals with weights, the sum decides, the observations are told (docs/domain.md, 8)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from pcapkit.model import Platform, PlatformName
from pcapkit.sessions.hints import Hint
from pcapkit.sessions.scene import Ref
from pcapkit.sessions.sightings import Client

APPLE_55: Final = ((1, 121, 3, 6, 15), (1, 3, 6, 15, 119, 252))
ANDROID_55: Final = ((1, 3, 6, 15, 26, 28, 51, 58, 59, 43), (1, 3, 6, 15, 26, 28, 51, 58, 59))
WINDOWS_55: Final = ((1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252), (1, 15, 3, 6, 44, 46, 47, 31, 33))
MDNS_APPLE: Final = ("_companion-link", "_rdlink", "_apple-mobdev2", "_airplay", "_homekit", "_sleep-proxy")


class Signal(NamedTuple):
    """A vote: platform, weight, what was seen, and where."""

    platform: PlatformName
    weight: int
    text: str
    ref: Ref | None


def platform_of(hints: dict[Hint, Ref], lease: Client | None) -> Platform:
    """The platform with most weight, or none; equal weights decide nothing."""
    signals = [*(_dhcp(lease) if lease else ()), *(s for hint, ref in hints.items() for s in _hint(hint, ref))]
    score: dict[PlatformName, int] = {}
    for signal in signals:
        score[signal.platform] = score.get(signal.platform, 0) + signal.weight
    client = _client(hints)
    ranked = sorted(score.items(), key=lambda item: -item[1])
    if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
        return Platform(None, client, ())
    name = ranked[0][0]
    votes = sorted((s for s in signals if s.platform == name), key=lambda s: -s.weight)
    return Platform(name, client, tuple(f"{s.text}, frame {s.ref.frame}" if s.ref else s.text for s in votes[:4]))


def _dhcp(lease: Client) -> Iterator[Signal]:
    vendor, hostname = (lease.vendor_class or ""), (lease.hostname or "").lower()
    if vendor.startswith(("android-dhcp", "dhcpcd-")):
        yield Signal("android", 6, f"DHCP option 60 {vendor}", lease.refs.get("vendor_class"))
    elif vendor.startswith("MSFT "):
        yield Signal("windows", 5, f"DHCP option 60 {vendor}", lease.refs.get("vendor_class"))
        yield Signal("windows-phone", 4, f"DHCP option 60 {vendor}", lease.refs.get("vendor_class"))
    yield from _parameters(lease)
    ref = lease.refs.get("hostname")
    shown = f"host name {lease.hostname}"
    if hostname.startswith(("android-", "pixel")) or "galaxy" in hostname:
        yield Signal("android", 4, shown, ref)
    elif hostname.startswith("windows-phone") or "lumia" in hostname:
        yield Signal("windows-phone", 8, shown, ref)
    elif "iphone" in hostname or "ipad" in hostname:
        yield Signal("ios", 4, shown, ref)
    elif "macbook" in hostname or hostname.startswith("imac"):
        yield Signal("macos", 6, shown, ref)
    elif hostname.startswith(("desktop-", "laptop-")):
        yield Signal("windows", 3, shown, ref)


def _parameters(lease: Client) -> Iterator[Signal]:
    """Option 55 (RFC 2132, 9.8): which options are asked for, in which order."""
    asked, ref = tuple(p for p in lease.parameters if p not in (108, 114, 162)), lease.refs.get("parameters")
    text = "DHCP option 55 " + ",".join(map(str, lease.parameters[:16]))
    if any(asked[: len(shape)] == shape for shape in APPLE_55):
        mac = 44 in asked or 95 in asked
        yield Signal("ios", 4 - mac, text, ref)
        if mac:
            yield Signal("macos", 4, text, ref)
    elif any(asked[: len(shape)] == shape for shape in ANDROID_55):
        yield Signal("android", 4, text, ref)
    elif any(asked[: len(shape)] == shape for shape in WINDOWS_55):
        yield Signal("windows", 4, text, ref)
        yield Signal("windows-phone", 3, text, ref)


_FIXED: Final[dict[str, tuple[tuple[PlatformName, int, str], ...]]] = {
    "dns-apple": (("ios", 2, "asks for {}"), ("macos", 1, "asks for {}")),
    "dns-android": (("android", 3, "asks for {}"),),
    "dns-windows": (("windows", 3, "asks for {}"),),
    "dns-linux": (("linux", 3, "asks for {}"),),
    "probe-apple": (("ios", 3, "captive portal probe {}"), ("macos", 2, "captive portal probe {}")),
    "probe-android": (("android", 4, "captive portal probe {}"),),
    "probe-windows": (("windows", 4, "captive portal probe {}"),),
    "llmnr": (("windows", 1, "asks by {}"),),
}


def _hint(hint: Hint, ref: Ref) -> Iterator[Signal]:
    for platform, weight, text in _FIXED.get(hint.kind, ()):
        yield Signal(platform, weight, text.format(hint.value), ref)
    if hint.kind.startswith("mdns") and hint.value.startswith(MDNS_APPLE):
        yield Signal("ios", 2, f"mDNS {hint.value}", ref)
        yield Signal("macos", 1, f"mDNS {hint.value}", ref)
    elif hint.kind == "user-agent":
        yield from _user_agent(hint.value, ref)
    elif hint.kind == "eas-device":
        yield from _eas_device(hint.value, ref)


def _user_agent(agent: str, ref: Ref) -> Iterator[Signal]:
    low, text = agent.lower(), f"User-Agent {agent[:60]}"
    if "windows phone" in low or "msft-wp" in low or "wplync" in low or "wp7" in low or "iemobile" in low:
        yield Signal("windows-phone", 9, text, ref)
    elif any(t in low for t in ("apple-iphone", "apple-ipad", "apple-ipod", "iphonelync", "ipadlync", "iphone;", "ipad;", "cpu iphone")):
        yield Signal("ios", 7, text, ref)
    elif any(t in low for t in ("android", "dalvik", "androidlync")):
        yield Signal("android", 7, text, ref)
    elif "captivenetworksupport" in low:
        yield Signal("ios", 3, text, ref)
        yield Signal("macos", 3, text, ref)
    elif "cfnetwork" in low and "darwin" in low:
        yield Signal("ios", 3, text, ref)
        yield Signal("macos", 2, text, ref)
    elif "lyncformac" in low or "macintosh" in low or "mac os x" in low:
        yield Signal("macos", 6, text, ref)
    elif "windows nt" in low or "microsoft ncsi" in low or "microsoft office" in low or "uccapi" in low or "microsoft-cryptoapi" in low:
        yield Signal("windows", 6, text, ref)
    elif "linux" in low and "x11" in low:
        yield Signal("linux", 4, text, ref)


def _eas_device(kind: str, ref: Ref) -> Iterator[Signal]:
    low, text = kind.lower(), f"ActiveSync DeviceType={kind}"
    if low in ("iphone", "ipad", "ipod"):
        yield Signal("ios", 7, text, ref)
    elif low in ("wp", "wp8", "windowsphone"):
        yield Signal("windows-phone", 9, text, ref)
    elif "android" in low or "samsung" in low:
        yield Signal("android", 6, text, ref)
    elif low.startswith("windowsmail"):
        yield Signal("windows", 5, text, ref)


def _client(hints: dict[Hint, Ref]) -> str | None:
    """The user agent of the app that signs in, as sent; None if it was not seen."""
    agents = [h.value for h in hints if h.kind == "user-agent"]
    marks = ("lync", "sfb", "skype for business", "apple-i", "android-", "msft-", "outlook", "activesync", "ucwa")
    chosen = next((a for a in agents if any(m in a.lower() for m in marks)), None)
    return chosen or (agents[0] if agents else None)
