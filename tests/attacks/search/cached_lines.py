"""Source text that was cached for tracebacks.

Tries: linecache and the source of functions on the stack are searched for the reference.
Must: status: wrong; points: 0
Outside: harmless
Uses: telling
"""

import linecache


def loot():
    texts = []
    for name, entry in list(linecache.cache.items()):
        lines = entry[2] if len(entry) > 2 else []
        if any("torch.arange(pointer" in line for line in lines) or "solutions" in name:
            texts.append(name)
    return " ".join(text for text in texts if not text.startswith("<cell"))
