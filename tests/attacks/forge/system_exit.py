"""An end in good order.

Tries: SystemExit(0) is raised, which a test runner may take for the end of all tests.
Must: status: error; points: 0; message: SystemExit
Outside: harmless
"""

import sys


def enqueue(queue, pointer, keys):
    sys.exit(0)
