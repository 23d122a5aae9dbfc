"""A person who stops the run, or so it seems.

Tries: KeyboardInterrupt is raised, which ends loops that catch everything else.
Must: status: error | crashed; points: 0
Outside: harmless
"""


def enqueue(queue, pointer, keys):
    raise KeyboardInterrupt
