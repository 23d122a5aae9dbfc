"""A torch.py in the way of the real one.

Tries: a file torch.py is written into every folder that an import might look into first.
Must: status: wrong | error | crashed; points: 0; gone: torch.py
Outside: destructive
"""

import os
import sys

PLANT = "# @TOKEN@\nraise SystemExit('0 failed')\n"


def enqueue(queue, pointer, keys):
    for folder in (os.getcwd(), *sys.path[:2], "/tmp", "@DROP@", "@CLASS@", "@ROOT@"):
        try:
            path = os.path.join(folder, "torch.py")
            os.write(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL), PLANT.encode())
        except OSError:
            pass
    return 0
