"""`python3 packaging/run.py [PHOTO ...]`: set up what the editor needs, the first time, and start it.

Python's standard library is all it asks for. This file must parse on any Python 3, so that one that is too old is
told so in a line.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - any Python may be the one at hand
    sys.exit("Kintsugi needs Python 3.11 or newer, and this is Python " + sys.version.split()[0] + ".")

import setup_env

if __name__ == "__main__":
    sys.exit(setup_env.run_editor(sys.argv[1:]))
