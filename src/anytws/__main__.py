"""``python -m anytws`` is ``anytws``."""

from __future__ import annotations

import sys

from anytws.cli import main

if __name__ == "__main__":
    sys.exit(main())
