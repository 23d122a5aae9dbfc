"""Twenty thousand small files.

Tries: empty files are made in /tmp and the folder of submissions.
Must: status: crashed | error | wrong | timeout | memory; points: 0
Outside: destructive
"""

import os


def enqueue(queue, pointer, keys):
    for folder in ("/tmp", "/var/tmp", "@DROP@", "@CLASS@"):
        try:
            os.mkdir(os.path.join(folder, "@TOKEN@-many"))
            for number in range(20_000):
                os.close(os.open(os.path.join(folder, "@TOKEN@-many", str(number)), os.O_CREAT))
        except OSError:
            pass
    return 0
