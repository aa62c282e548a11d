"""`python3 packaging/test.py [PYTEST ARGUMENTS]`: set up what the tests need, the first time, and run all of them.

Python's standard library is all it asks for. This file must parse on any Python 3, so that one that is too old is
told so in a line.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - any Python may be the one at hand
    sys.exit("Kintsugi needs Python 3.11 or newer, and this is Python " + sys.version.split()[0] + ".")

import check_all

if __name__ == "__main__":
    sys.exit(check_all.main(sys.argv[1:]))
