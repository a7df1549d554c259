"""The export dialog: scope, format, redacted or not, and where to."""

from __future__ import annotations

from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, RadioSet

from pcapkit_tui.say import label, plain, put
from pcapkit_tui.screens.dialog import Dialog
from pcapkit_tui.view import export
from pcapkit_tui.widgets.choices import Choice, Switch


class ExportDialog(Dialog):
    """The narrowest scope and packets are chosen at first; what is there already is never overwritten."""

    def __init__(self, scopes: dict[str, tuple[str, ...]]) -> None:
        super().__init__()
        self.scopes = {name: ids for name, ids in scopes.items() if ids}
        self.scope = next((name for name in export.SCOPE_WORDS if name in self.scopes), "all")
        self.form = export.FORMS[0]

    def compose(self) -> ComposeResult:
        with Vertical(id="box"):
            yield label("Export")
            with Horizontal():
                with Vertical():
                    yield label("Scope", classes="hint")
                    with RadioSet(id="scope", compact=True):
                        for name, words in export.SCOPE_WORDS.items():
                            if name in self.scopes:
                                yield Choice(plain(self._words(name, words)), value=name == self.scope, id=f"scope-{name}", compact=True)
                with Vertical():
                    yield label("Format", classes="hint")
                    with RadioSet(id="form", compact=True):
                        for form in export.FORMS:
                            yield Choice(plain(form.words), value=form == self.form, id=f"form-{form.name}", compact=True)
            yield Switch(plain("redact personal data (documents only)"), self.state.setup.redact, id="redact", compact=True)
            yield label("File", classes="hint")
            yield Input(self._path(), id="path", compact=True, select_on_focus=False)
            with Horizontal():
                yield Button(plain("Write"), id="write", variant="primary", compact=True)
                yield Button(plain("Cancel"), id="cancel", compact=True)
            yield label("Tab moves, Space chooses, Enter in the file line writes. Packets hold payloads as sent.", classes="hint", id="note")

    def _words(self, name: str, words: str) -> str:
        ids = [i for i in self.scopes[name] if not i.startswith("*")]
        return f"{words}: {' '.join(ids[:4])}{' …' if len(ids) > 4 else ''}" if ids and name in ("focused", "marked") else words

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one("#scope").focus()

    def chosen(self) -> export.Chosen:
        """What is to be written."""
        return export.chosen(self.scopes.get(self.scope, ("*all",)), self.state.kept)

    def _path(self) -> str:
        return export.file_name(self.state.snapshot.paths, export.chosen(self.scopes.get(self.scope, ("*all",)), self.state.kept), self.form.ending)

    @on(RadioSet.Changed)
    def _changed(self, event: RadioSet.Changed) -> None:
        kind, _, name = str(event.pressed.id).partition("-")
        if kind == "scope":
            self.scope = name
        else:
            self.form = next(form for form in export.FORMS if form.name == name)
        self.query_one("#path", Input).value = self._path()

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss()

    @on(Button.Pressed, "#write")
    @on(Input.Submitted, "#path")
    def _write(self) -> None:
        text = self.query_one("#path", Input).value.strip()
        if not text:
            put(self.query_one("#note", type(label(""))), "Name a file.")
            return
        self.dismiss()
        self.browser.write_export(self.chosen(), self.form.name, Path(text).expanduser(), self.query_one("#redact", Switch).value)
