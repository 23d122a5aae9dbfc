"""A pickle where a message should be.

Tries: a pickle that writes a file when it is loaded is sent as a reply and left in the queue's place.
Must: status: crashed | error | wrong; points: 0; gone: @TOKEN@-unpickled
Outside: harmless
Uses: channels
"""

import pickle


class Opened:
    def __reduce__(self):
        return exec, ("open('@DROP@/@TOKEN@-unpickled', 'w').close()",)


def enqueue(queue, pointer, keys):
    send(pickle.dumps(Opened()))
    return Opened()
