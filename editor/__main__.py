"""`kintsugi PHOTO` opens the window, `run`, `measure`, `train`, `list`, `models` and `demo` work without one."""

from __future__ import annotations

import sys


def main() -> int:
    """Hands over to the command line where the first word is one of its commands or an option, else to the window."""
    words = sys.argv[1:]
    if words and (words[0].startswith("-") or words[0] in ("run", "measure", "train", "list", "models", "demo")):
        from editor.cli import main as command_line

        return command_line(words)
    from pathlib import Path

    from editor.ui.app import run

    return run([Path(word) for word in words])


if __name__ == "__main__":
    sys.exit(main())
