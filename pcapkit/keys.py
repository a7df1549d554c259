"""TLS secrets of a run: key logs that the user names, and those that captures carry, which are used without asking. Nothing of them is shown."""

from __future__ import annotations

from collections.abc import Iterable

from pcapkit_dissectors.keylog import KeyLog
from pcapkit_dissectors.messages import TlsKeys

from pcapkit.flows.facts import Observation
from pcapkit.limits import SECRET_BYTES
from pcapkit.options import InputError


class Secrets:
    """What was given, and how many conversations it opened. ``log`` goes to the dissectors; while it is empty it costs nothing."""

    def __init__(self, paths: Iterable[str] = ()) -> None:
        """Read the key logs.

        Raises:
            InputError: a file cannot be read, or holds no line of a key log.
        """
        self.log = KeyLog()
        self._matched: set[int] = set()
        self._asked: set[int] = set()
        for path in paths:
            self._read(path)

    def _read(self, path: str) -> None:
        try:
            with open(path, "rb") as file:
                data = file.read(SECRET_BYTES)
        except OSError as error:
            raise InputError(path, f"cannot be read: {error.strerror or error}") from None
        before = len(self.log) + self.log.ignored
        self.log.read(data)
        if len(self.log) + self.log.ignored == before:
            raise InputError(path, "holds no TLS secrets; a key log in NSS format (SSLKEYLOGFILE) is expected")

    def learn(self, texts: Iterable[bytes]) -> None:
        """Add the texts of decryption secrets blocks."""
        for text in texts:
            self.log.read(text)

    def look(self, observations: Iterable[Observation]) -> None:
        """Count the conversations that the secrets open."""
        if not self.log:
            return
        for observation in observations:
            message = observation.event.message
            if isinstance(message, TlsKeys):
                self._asked.add(observation.flow)
                if message.status == "matched":
                    self._matched.add(observation.flow)

    def counts(self) -> dict[str, int]:
        """For the report: conversations that were decrypted, and those whose protected records asked for keys; nothing where none were given."""
        return {"decrypted": len(self._matched), "keys_asked": len(self._asked)} if self.log else {}
