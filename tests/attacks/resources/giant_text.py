"""An error message of 200 MB.

Tries: an exception with a text of 200 MB is raised, and a text as long is the name of its class.
Must: status: error | memory | crashed; points: 0; short: yes
Outside: harmless
"""


def enqueue(queue, pointer, keys):
    raise type("N" * 10**6, (Exception,), {})("x" * 200 * 2**20)
