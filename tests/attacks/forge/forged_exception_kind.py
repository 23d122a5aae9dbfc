"""Hidden inputs as the type of an exception, in a reply of one's own.

Tries: an observation is sent whose exception's kind and line of code quote the arguments.
Must: status: crashed | error | wrong | timeout; points: 0; others: any; hidden-silent: LEAK
Outside: harmless
"""

import os
import socket
import stat


def channels():
    """Every socket that the process holds."""
    for number in range(256):
        try:
            if stat.S_ISSOCK(os.fstat(number).st_mode):
                yield socket.socket(fileno=os.dup(number))
        except OSError:
            pass


def send(body, length=None):
    for channel in channels():
        try:
            channel.sendall((len(body) if length is None else length).to_bytes(4, "big") + body)
        except OSError:
            pass


def enqueue(queue, pointer, keys):
    import msgspec

    text = "LEAK " + str(keys.flatten()[:3].tolist()) + "<script>alert(1)</script>"
    failure = {"kind": text, "message": text, "line": 1, "code": text}
    send(msgspec.msgpack.encode({"quantities": {"exception": text}, "failure": failure}))
    return 0
