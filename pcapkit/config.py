"""The user's ``config.toml``: what need not be typed each time. Never read from the working folder, which may be a stranger's."""

from __future__ import annotations

import dataclasses
import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pcapkit.limits import Thresholds

MAX_BYTES: Final = 1 << 20

TEXTS: Final = "a list of texts"
TEXT: Final = "a text"
SWITCH: Final = "true or false"

KNOWN: Final[Mapping[str, Mapping[str, str]]] = {
    "site": {"inside": TEXTS, "public_ip": TEXTS, "external_fqdn": TEXTS, "domains": TEXTS},
    "trust": {"roots": TEXTS, "intermediates": TEXTS, "public_roots": SWITCH, "system": SWITCH},
    "ui": {"theme": TEXT, "time": TEXT, "ascii": SWITCH, "reduce_motion": SWITCH},
    "thresholds": {f.name: "a number from 0 up" for f in dataclasses.fields(Thresholds)},
}
"""What each section may hold; ``[names]`` (MAC or address = "name") and ``[keys]`` (action = "key") take any key."""


class ConfigError(Exception):
    """The file cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Config:
    """What the file says, checked. ``warnings`` name what was passed over, with its line."""

    path: str | None = None
    inside: tuple[str, ...] = ()
    public_ips: tuple[str, ...] = ()
    external_fqdns: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    intermediates: tuple[str, ...] = ()
    public_roots: bool = True
    system_trust: bool = False
    names: Mapping[str, str] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    ui: Mapping[str, str | bool] = field(default_factory=dict)
    thresholds: Thresholds = field(default_factory=Thresholds)
    warnings: tuple[str, ...] = ()


def default_path() -> Path:
    """``config.toml`` in the folder that the platform means for it."""
    if sys.platform == "win32":
        base = Path(os.environ.get("APPDATA") or Path.home())
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return base / "pcapkit" / "config.toml"


def load(path: str | None = None) -> Config:
    """Read the named file, or the user's own if there is one.

    Raises:
        ConfigError: a named file is missing, or the file is no TOML.
    """
    file = Path(path) if path else default_path()
    try:
        data = file.read_bytes()[: MAX_BYTES + 1]
    except OSError as error:
        if path is None and isinstance(error, (FileNotFoundError, NotADirectoryError)):
            return Config()
        raise ConfigError(f"{file}: the configuration cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{file}: larger than 1 MiB, this is no configuration")
    return parse(data, str(file))


def parse(data: bytes, path: str) -> Config:
    """A configuration from the bytes of a file.

    Raises:
        ConfigError: no TOML.
    """
    import tomllib  # late: most runs have no file

    try:
        text = data.decode("utf-8")
        tables = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"{path}: this is no TOML: {error}") from None
    good: dict[str, dict[str, Any]] = {}
    warnings = [f"{path}: line {_line(text, *place)}: {what}" for place, what in _check(tables, good)]
    site, trust = good.get("site", {}), good.get("trust", {})
    return Config(
        path=path,
        inside=tuple(site.get("inside", ())),
        public_ips=tuple(site.get("public_ip", ())),
        external_fqdns=tuple(n.lower().rstrip(".") for n in site.get("external_fqdn", ())),
        domains=tuple(n.lower().rstrip(".") for n in site.get("domains", ())),
        roots=tuple(trust.get("roots", ())),
        intermediates=tuple(trust.get("intermediates", ())),
        public_roots=trust.get("public_roots", True),
        system_trust=trust.get("system", False),
        names={k.lower(): v for k, v in good.get("names", {}).items()},
        keys=good.get("keys", {}),
        ui=good.get("ui", {}),
        thresholds=_thresholds(good.get("thresholds", {})),
        warnings=tuple(warnings),
    )


def _check(tables: Mapping[str, Any], good: dict[str, dict[str, Any]]) -> Iterator[tuple[tuple[str, str | None], str]]:
    """Fill ``good`` with what can be used; give the place and fault of everything else."""
    for section, table in tables.items():
        if section not in (*KNOWN, "names", "keys") or not isinstance(table, dict):
            yield (section, None), f"no section named [{section}]; there are {', '.join(f'[{s}]' for s in (*KNOWN, 'names', 'keys'))}"
            continue
        kept = good.setdefault(section, {})
        for key, value in table.items():
            want = KNOWN.get(section, {}).get(key, TEXT if section in ("names", "keys") else None)
            if want is None:
                yield (section, key), f"[{section}] knows no {key}; it knows {', '.join(KNOWN[section])}"
            elif not _fits(value, want) or not _sound(section, key, value):
                yield (section, key), f"[{section}] {key} must be {'addresses or networks' if want == TEXTS else want}"
            else:
                kept[key] = value


def _fits(value: object, want: str) -> bool:
    if want == SWITCH:
        return isinstance(value, bool)
    if want == TEXTS:
        return isinstance(value, list) and all(isinstance(v, str) for v in value)
    if want == TEXT:
        return isinstance(value, str)
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < 1e12


def _sound(section: str, key: str, value: Any) -> bool:
    """Addresses must be addresses."""
    from ipaddress import ip_address, ip_network

    try:
        for text in value if (section, key) == ("site", "inside") else ():
            ip_network(text)
        for text in value if (section, key) == ("site", "public_ip") else ():
            ip_address(text)
    except ValueError:
        return False
    return True


def _thresholds(values: Mapping[str, float]) -> Thresholds:
    whole = {f.name for f in dataclasses.fields(Thresholds) if isinstance(f.default, int)}
    typed: dict[str, Any] = {name: round(value) if name in whole else float(value) for name, value in values.items()}
    return Thresholds(**typed)


def _line(text: str, section: str, key: str | None) -> int:
    """The line a key stands on (the TOML reader does not tell): the first that starts with it inside its section."""
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[\s*\"?([^\]\"]*)\"?\s*\]", line)
        if header:
            inside = header[1].strip() == section
            if inside and key is None:
                return number
        elif (inside and key is not None and re.match(rf"\s*\"?'?{re.escape(key)}\"?'?\s*=", line)) or (
            key is None and re.match(rf"\s*\"?{re.escape(section)}\"?\s*[.=]", line)
        ):
            return number
    return 1
