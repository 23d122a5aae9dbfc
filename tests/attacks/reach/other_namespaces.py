"""A way out of the namespaces.

Tries: setns, unshare, mount, chroot and pivot_root are tried, each with the secret as the proof.
Must: status: wrong; points: 0
Outside: destructive
Uses: telling
"""

import ctypes
import os


def secret():
    try:
        with open("@SECRETS@/canary.txt") as file:
            return file.read()
    except OSError:
        return ""


def loot():
    libc = ctypes.CDLL(None, use_errno=True)
    for pid in (os.getppid(), 1):
        for kind in ("mnt", "user", "pid", "net"):
            try:
                number = os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY)
                libc.setns(number, 0)
            except OSError:
                pass
    texts = [secret()]
    if libc.unshare(0x10000000 | 0x00020000) == 0:
        texts.append("a user namespace of its own")
        os.makedirs("/tmp/@TOKEN@-root", exist_ok=True)
        if libc.mount(b"proc", b"/tmp/@TOKEN@-root", b"proc", 0, None) == 0:
            texts.append("a file system was mounted")
    if libc.umount2(b"/tmp", 2) == 0:
        texts.append("/tmp was unmounted")
    try:
        os.chroot("/proc/1/root")
        texts.append(secret() or "chroot")
    except OSError:
        pass
    return " ".join(text for text in texts if text)
