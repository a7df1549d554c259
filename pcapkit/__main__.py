"""``python -m pcapkit``."""

from pcapkit.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
