"""Makes the scripts of packaging/ importable by their bare names, as they are when one of them runs."""

import sys
from pathlib import Path

# At the end: test.py there must not be found before the standard library's package.
sys.path.append(str(Path(__file__).resolve().parents[2] / "packaging"))
