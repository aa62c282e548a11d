"""The arrows of the architecture: they hold in the project, and a violation would be found."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[1]
LINT = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache"]

# Imports everything below a list of packages, except what may load a heavy library and is itself loaded late,
# and prints which of the heavy libraries came with it.
IMPORT_ALL = """
import importlib, json, pkgutil, sys
packages, heavy = json.loads(sys.argv[1])
late = ("editor.runtime.onnx", "editor.runtime.tuning", "editor.runtime.convert", "editor.__main__")
for package in packages:
    module = importlib.import_module(package)
    for found in pkgutil.walk_packages(module.__path__, package + "."):
        if not found.name.startswith(late) and not found.name.endswith(".net"):
            importlib.import_module(found.name)
print(json.dumps([name for name in heavy if name in sys.modules]))
"""


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the project in `folder`."""
    environment = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "300"}
    return subprocess.run(LINT, cwd=folder, env=environment, capture_output=True, text=True)


def loaded_with(packages: list[str], heavy: list[str]) -> list[str]:
    """Those of the libraries `heavy` that are loaded after everything in `packages` was imported."""
    question = json.dumps([packages, heavy])
    command = [sys.executable, "-c", IMPORT_ALL, question]
    answer = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    loaded: list[str] = json.loads(answer.stdout.splitlines()[-1])
    return loaded


def test_arrows_hold() -> None:
    result = lint_imports(CHECKOUT)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("editor/core/geometry.py", "import editor.io", "Arrows point down"),
        ("editor/imaging/__init__.py", "import editor.sdk", "Arrows point down"),
        ("editor/host/__init__.py", "import editor.ui", "Arrows point down"),
        ("editor/core/geometry.py", "import PySide6.QtGui", "Qt stays in the window"),
        ("editor/core/geometry.py", "import cv2", "The core needs nothing but numpy and zstandard"),
        ("editor/host/__init__.py", "import onnxruntime", "ONNX Runtime is spoken to in one module"),
        ("editor/runtime/convert/ncnn.py", "import torch", "Nothing waits for torch"),
        ("plugins/violation/__init__.py", "import editor.host", "A plugin sees the SDK"),
        ("plugins/violation/__init__.py", "import onnxruntime", "ONNX Runtime is spoken to in one module"),
    ],
)
def test_violation_is_found(tmp_path: Path, file: str, line: str, contract: str) -> None:
    for package in ("editor", "plugins"):
        shutil.copytree(CHECKOUT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    culprit = tmp_path / file
    culprit.parent.mkdir(exist_ok=True)
    with culprit.open("a") as code:
        code.write(f"\n{line}\n")
    result = lint_imports(tmp_path)
    assert result.returncode == 1, result.stdout
    broken = [verdict for verdict in result.stdout.splitlines() if " BROKEN" in verdict]
    assert [verdict for verdict in broken if verdict.startswith(contract)], result.stdout


def test_packaging_is_not_a_package() -> None:
    # It would be found before the library of that name, which others import.
    assert not (CHECKOUT / "packaging" / "__init__.py").exists()


def test_nothing_below_the_window_loads_qt() -> None:
    rooms = [f"editor.{room}" for room in ("core", "imaging", "sdk", "io", "runtime", "host", "cli")]
    assert loaded_with([*rooms, "plugins"], ["PySide6", "torch", "onnxruntime"]) == []


def test_the_window_does_not_wait_for_the_models() -> None:
    assert loaded_with(["editor.ui"], ["torch", "onnxruntime"]) == []
