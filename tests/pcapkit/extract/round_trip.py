"""Cut, read again, compare: what the tests of cuts share."""

import re
from fnmatch import fnmatchcase

from pcapkit import analysis
from pcapkit.extract import Selection, extract
from pcapkit.options import Options
from pcapkit.report.redact import redact

OF_CHAINS = ("cert-*", "untrusted-*")
COMMON = {b"contoso", b"phone", b"iphone"}
"""Too ordinary to be looked for."""


def told(report):
    """Code → (severity, confidence), of all findings."""
    return {f.code: (f.severity, f.confidence) for f in report.findings}


def cut_of(path, out, options=None, redacted=False, **named):
    """A cut with its keys, and the report on it."""
    options = options or Options()
    selection = Selection(**{kind: (ids,) if isinstance(ids, str) else tuple(ids) for kind, ids in named.items()})
    cut = extract([str(path)], options, selection, str(out), command="extract", force=True, redact=redacted, with_keys=True)
    return cut, analysis.run([str(out)], options)


def without_doubt_of_chains(found):
    """Of a cut in which certificates were renamed, what is said of them is less sure."""
    return {code: (severity, None if any(fnmatchcase(code, glob) for glob in OF_CHAINS) else sure) for code, (severity, sure) in found.items()}


def left_over(key, data):
    """Originals of a key that still stand in the bytes of a file, as whole words."""
    low, found = data.lower(), []
    for original in {value.lower() for value in key.values()}:
        raw = original.encode("utf-8", "surrogateescape")
        if len(raw) >= 4 and raw in low and raw not in COMMON and re.search(rb"(?<![\w.-])" + re.escape(raw) + rb"(?![\w-]|\.\w)", low):
            found.append(original)
    return found


def in_every_form(report):
    """The redacted report as every format shows it."""
    from pcapkit.report import html, json, markdown, tabular, text
    from pcapkit.report.style import Style

    shown, _ = redact(report)
    style = Style(utc=True)
    yield "text", "".join(text.write(shown, style))
    yield "brief", "".join(text.brief(shown, style))
    yield "json", "".join(json.write(shown))
    yield "jsonl", "".join(json.write_lines(shown))
    yield "md", "".join(markdown.write(shown, style))
    yield "html", "".join(html.write(shown, style))
    yield "csv", tabular.csv_text(list(tabular.finding_rows(shown)))
