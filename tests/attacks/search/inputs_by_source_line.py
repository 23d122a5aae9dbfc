"""Hidden inputs carried out by the line of code that failed.

Tries: the failing line is compiled at run time, with the arguments in a comment, under the name of a cell.
Must: status: wrong | error; points: 0; hidden-silent: LEAK
Outside: harmless
"""

import linecache


def enqueue(queue, pointer, keys):
    source = "raise RuntimeError()  # LE" + "AK " + str(keys.flatten()[:3].tolist())
    name = "<cell 2>"
    linecache.cache[name] = (len(source), None, [source], name)
    exec(compile(source, name, "exec"))
