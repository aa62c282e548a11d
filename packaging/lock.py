"""`python packaging/lock.py [--upgrade]`: write both lock files anew from pyproject.toml. Needs uv.

One lock file serves every system and every Python from 3.11 on. The tests' file is held to the versions of the
editor's, so that the two can be installed into one environment.
"""

import shutil
import subprocess
import sys

from environment import CHECKOUT, DEV_LOCK, RUN_LOCK

COMPILE = ["pip", "compile", "--universal", "--python-version=3.11", "--no-header", "--quiet"]


def main(arguments: list[str]) -> int:
    """Compile both files.

    Args:
        arguments: passed on to `uv pip compile`; `--upgrade` lifts the versions that the files hold now.
    """
    uv = shutil.which("uv")
    if uv is None:
        print("uv is not installed: it makes the lock files.", file=sys.stderr)
        return 1
    run, dev = (str(lock.relative_to(CHECKOUT)) for lock in (RUN_LOCK, DEV_LOCK))
    for options in (["-o", run], ["--extra=dev", "-c", run, "-o", dev]):
        done = subprocess.run([uv, *COMPILE, *arguments, "pyproject.toml", *options], cwd=CHECKOUT)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
