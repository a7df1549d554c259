"""The JSON Schemas, made from the types of ``document``. The results are shipped as files (``schema/*.json``); ``python -m pcapkit.report.schemas`` renews them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from pcapkit.report import document

FOLDER: Final = Path(__file__).parent / "schema"

LINES: Final = (
    document.CaptureLine,
    document.DeviceLine,
    document.SessionLine,
    document.FindingLine,
    document.FlowLine,
    document.SummaryLine,
)


def schemas() -> dict[str, dict[str, Any]]:
    """Every schema by the name of its file."""
    return {
        "report": _schema("pcapkit analyze --format json", "report", document.ReportDoc),
        "lines": _schema("A line of pcapkit analyze --format jsonl", "lines", *LINES),
        "event": _schema("A line of pcapkit dissect --format jsonl", "event", document.EventDoc),
    }


def _schema(title: str, name: str, *types: Any) -> dict[str, Any]:
    """A schema of the 2020-12 draft; several types are alternatives."""
    import msgspec  # costs more than a report does

    found, components = msgspec.json.schema_components(types, ref_template="#/$defs/{name}")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"urn:pcapkit:{name}/1", "title": title}
    body = dict(found[0]) if len(found) == 1 else {"anyOf": list(found)}
    return {**head, **body, "$defs": {name: components[name] for name in sorted(components)}}


def text(schema: dict[str, Any]) -> str:
    """A schema as its file holds it."""
    return json.dumps(schema, indent=2, ensure_ascii=True) + "\n"


def renew() -> None:
    """Write the files anew."""
    FOLDER.mkdir(exist_ok=True)
    for name, schema in schemas().items():
        (FOLDER / f"{name}.json").write_text(text(schema), "ascii")


if __name__ == "__main__":
    renew()
