"""The builder of scenes stands in ``tests/scenes.py``, where all tests can import it."""

from scenes import *  # noqa: F403
