"""A full disk.

Tries: up to two gigabytes are written into /tmp, the working folder and the folder of submissions.
Must: status: crashed | error | wrong | timeout | memory; points: 0
Outside: destructive
"""

import os


def enqueue(queue, pointer, keys):
    for folder in ("/tmp", "/var/tmp", ".", "@DROP@", "@CLASS@"):
        try:
            number = os.open(os.path.join(folder, "@TOKEN@-filled"), os.O_WRONLY | os.O_CREAT)
            for _ in range(128):
                os.write(number, b"x" * 2**24)
        except OSError:
            pass
    return 0
