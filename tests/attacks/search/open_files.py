"""Secrets read from the files they are in.

Tries: the canary file, the secret key, the gradebook and a neighbour's notebook are opened by their paths.
Must: status: wrong; points: 0
Outside: harmless
Uses: telling
"""


def loot():
    texts = []
    for path in ("@SECRETS@/canary.txt", "@SECRETS@/course.secret", "@SECRETS@/gradebook.db", "@NEIGHBOUR@"):
        try:
            with open(path, errors="replace") as file:
                text = file.read()
            texts.append(text[text.find("CANARY-") :][:60])
        except OSError:
            pass
    return " ".join(texts)
