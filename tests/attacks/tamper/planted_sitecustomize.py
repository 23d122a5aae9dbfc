"""Python files that the next interpreter would import by itself.

Tries: sitecustomize.py and usercustomize.py are written into every folder of sys.path and into the home folder.
Must: status: wrong | error | crashed; points: 0; gone: sitecustomize.py, usercustomize.py
Outside: destructive
"""

import os
import site
import sys

PLANT = "# @TOKEN@\n"


def enqueue(queue, pointer, keys):
    for folder in [*sys.path, site.getusersitepackages(), os.path.expanduser("~"), "@ROOT@", "@DROP@"]:
        for name in ("sitecustomize.py", "usercustomize.py"):
            try:
                path = os.path.join(folder or ".", name)
                os.write(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL), PLANT.encode())
            except OSError:
                pass
    return 0
