"""An observer that has seen only good things.

Tries: the functions that observe a call are replaced by ones that report a call without faults.
Must: status: wrong | error | crashed; points: 0; others: any
Outside: harmless
"""

import sys


def enqueue(queue, pointer, keys):
    from course_utils.checks.observation import Observation

    fine = {"exception": "none", "result": 0, "after.queue": queue, "graph.queue": False}
    for module in list(sys.modules.values()):
        if getattr(module, "observe", None) is not None:
            try:
                module.observe = lambda *arguments: Observation(fine, None)
            except (AttributeError, TypeError):
                pass
    return 0
