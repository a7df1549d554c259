"""What a connection ran into: the thing that the ``hairpin-*`` and ``service-*`` rules report on (docs/domain.md, 5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pcapkit.flows.facts import Connection
from pcapkit.model import Json
from pcapkit.rules._api import Note
from pcapkit.sessions.scene import Attempt, SessionCase

Kind = Literal["no-reply", "reset", "unreachable", "asymmetric", "stalled"]


@dataclass(slots=True)
class Obstacle:
    """All attempts of one session towards one address and port that broke in the same way."""

    kind: Kind
    session: SessionCase
    attempts: list[Attempt]
    connections: list[Connection]
    evidence: list[Note]
    facts: dict[str, Json]
    because: list[str] = field(default_factory=list)
    absence: bool = False
    weak: bool = False
    """Rests on less than usual: one step less confidence."""

    @property
    def attempt(self) -> Attempt:
        return self.attempts[0]
