"""A checkout with the real scripts, a stub of an editor, and packages that pip finds on the disk."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"

EDITOR = """
import importlib.metadata, json, os, sys
facts = {"arguments": sys.argv[1:], "folder": os.getcwd(), "prefix": sys.prefix}
facts["version"] = importlib.metadata.version("locked")
print(json.dumps(facts))
sys.exit(7 if "fail" in sys.argv else 0)
"""

CONTENT_FILL = """
import os
def warm_up():
    if "WARM_UP_FAILS" in os.environ:
        raise RuntimeError("no compiler")
    open(os.environ.get("WARM_UP_NOTE", os.devnull), "w").close()
"""

# Stands for each of the tools: says its name, and fails if FAILING names it.
TOOL = """
import os, sys
NAME = __name__.partition(".")[0] if __name__ != "__main__" else __package__
def run():
    print(NAME, *sys.argv[1:], "speaks")
    sys.stdout.flush()
    sys.exit(NAME in os.environ.get("FAILING", "").split())
"""
TOOL_MAIN = "from {name} import run\nrun()\n"


class FakeCheckout:
    """Made in `root`, with the packages in a folder beside it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.wheels = root.with_name("wheels")  # PIP_FIND_LINKS cannot hold a space
        self.wheels.mkdir()
        for script in PACKAGING.glob("*.py"):
            self.write(f"packaging/{script.name}", script.read_text())
        self.write("editor/__init__.py", "")
        self.write("editor/__main__.py", EDITOR)
        self.write("plugins/__init__.py", "")
        self.write("plugins/content_fill/__init__.py", CONTENT_FILL)
        for version in ("1.0", "1.1", "1.2"):
            self.add_wheel("locked", version, {"locked.py": ""})
        tools: dict[str, str] = {}
        for name in ("ruff", "mypy", "pytest"):
            tools |= {f"{name}/__init__.py": TOOL, f"{name}/__main__.py": TOOL_MAIN.format(name=name)}
        linter = TOOL.replace("def run():", "def lint_imports_command():")
        tools |= {"importlinter/__init__.py": "", "importlinter/cli.py": linter}
        self.add_wheel("tools", "1.0", tools)
        self.lock("locked==1.0")
        self.write("packaging/requirements-dev.lock", "locked==1.0\ntools==1.0\n")

    @property
    def venv(self) -> Path:
        """Where the scripts make their environment."""
        return self.root / ".venv"

    def write(self, path: str, text: str) -> None:
        """Write one of the checkout's files."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def lock(self, requirement: str) -> None:
        """Let the editor need `requirement`."""
        self.write("packaging/requirements.lock", f"{requirement}\n")

    def add_wheel(self, name: str, version: str, files: dict[str, str]) -> None:
        """Put a wheel where pip looks for it."""
        about = f"{name}-{version}.dist-info"
        contents = files | {
            f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        record = "".join(f"{path},,\n" for path in [*contents, f"{about}/RECORD"])
        with zipfile.ZipFile(self.wheels / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
            for path, text in (contents | {f"{about}/RECORD": record}).items():
                wheel.writestr(path, text)

    def environment(self, **extra: str) -> dict[str, str]:
        """The variables for a command: pip sees the wheels and no network."""
        inherited = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "KINTSUGI_VENV")}
        return {**inherited, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels), **extra}

    def command(self, script: str, *arguments: str) -> list[str]:
        """The command as a user types it."""
        return [sys.executable, str(self.root / "packaging" / script), *arguments]

    def call(
        self, script: str, *arguments: str, cwd: Path | None = None, **extra: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a script of the checkout, with `extra` as variables of its environment."""
        environment = self.environment(**extra)
        command = self.command(script, *arguments)
        return subprocess.run(command, cwd=cwd or self.root, env=environment, capture_output=True, text=True)


def facts(result: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What the stub of the editor printed: its arguments, folder, environment and package."""
    assert result.stdout, result.stderr
    printed: dict[str, Any] = json.loads(result.stdout)
    return printed
