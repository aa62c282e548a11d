"""All tables, one after another, each measured in a process of its own.

    python -m tests.benchmarks [--data DIR]

`--data` names a folder of photos for those that can use them; the others make their own pictures.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

WITH_PHOTOS = {
    "startup": True,
    "canvas": True,
    "responsiveness": False,
    "preview": False,
    "history": False,
    "fill": True,
    "upscale": True,
    "runtime": False,
    "training": False,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="a folder of photos")
    data = parser.parse_args().data
    failed = []
    for name, takes_photos in WITH_PHOTOS.items():
        print(f"\n{name}\n", flush=True)
        photos = ["--data", data] if data and takes_photos else []
        if subprocess.call([sys.executable, "-m", f"tests.benchmarks.{name}", *photos]):
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
