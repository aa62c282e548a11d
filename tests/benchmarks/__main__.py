"""All tables, one after another, each measured in a process of its own.

    python -m tests.benchmarks [--data DIR] [--models DIR]

`--data` names a folder of photos for those that can use them; some can't do without, the others make their own
pictures. `--models` names a folder with the files of models as they are fetched, with which
converted ones are compared.
"""

from __future__ import annotations

import argparse
import subprocess
import sys

# What each takes: nothing, photos if there are any, or what it can't do without.
TAKES = {
    "startup": "photos?",
    "canvas": "photos?",
    "responsiveness": "",
    "preview": "",
    "history": "",
    "fill": "photos?",
    "fill_texture": "photos",
    "gan_fill": "photos?",
    "gan_fill_large": "photos",
    "gan_fill_runs": "photos?",
    "bm3d": "photos",
    "denoise": "photos",
    "impulse": "photos",
    "dust": "photos",
    "scratches": "photos",
    "borders": "photos",
    "jpeg": "photos",
    "upscale": "photos?",
    "runtime": "",
    "converters": "models",
    "training": "",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", help="a folder of photos")
    parser.add_argument("--models", help="a folder with the files of models")
    words = parser.parse_args()
    folders = {
        "": [],
        "photos?": ["--data", words.data] if words.data else [],
        "photos": ["--data", words.data] if words.data else None,
        "models": [words.models] if words.models else None,
    }
    failed = []
    for name, takes in TAKES.items():
        print(f"\n{name}\n", flush=True)
        given = folders[takes]
        if given is None:
            print(f"left out: it needs a folder of {takes}", flush=True)
        elif subprocess.call([sys.executable, "-m", f"tests.benchmarks.{name}", *given]):
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
