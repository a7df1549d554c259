"""Cut, read again, compare: what the tests of the cuts share."""

import re
import shutil
import subprocess

from pcapkit import analysis
from pcapkit.extract import Selection, extract
from pcapkit.options import Options
from pcapkit.report.redact import redact


def told(report):
    """Code → (severity, confidence), of all findings."""
    return {f.code: (f.severity, f.confidence) for f in report.findings}


def cut_of(path, out, options=None, redacted=False, **named):
    """A cut, and the report on it."""
    options = options or Options()
    cut = extract([str(path)], options, Selection(**{k: (v,) if isinstance(v, str) else tuple(v) for k, v in named.items()}), str(out),
                  command="extract", force=True, redact=redacted, with_keys=True)  # fmt: skip
    return cut, analysis.run([str(out)], options)


def report_on(path, options=None):
    return analysis.run([str(path)], options or Options())


def malformed(path):
    """What tshark finds wrong that is no matter of the capture's own kind."""
    if not shutil.which("tshark"):
        return ""
    done = subprocess.run(
        ["tshark", "-r", str(path), "-Y", "_ws.malformed", "-T", "fields", "-e", "frame.number", "-e", "_ws.col.protocol", "-e", "_ws.col.info"],
        capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
    return done.stdout


def leaks(key, data):
    """Originals of a key that still stand in the bytes of a file, as whole words."""
    low = data.lower()
    found = []
    for original in {v.lower() for v in key.values()}:
        raw = original.encode("utf-8", "surrogateescape")
        if len(raw) < 5 or raw in (b'info', b'webmaster', b'username') or raw not in low:
            continue
        if re.search(rb"(?<![\w.-])" + re.escape(raw) + rb"(?![\w-]|\.\w)", low):
            found.append(original)
    return found


def in_every_form(report):
    """A report as every format shows it."""
    from pcapkit.report import html, markdown, tabular, text
    from pcapkit.report.json import to_json

    shown, _ = redact(report)
    yield "text", text.to_text(shown)
    yield "json", to_json(shown)
