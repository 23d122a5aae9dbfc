"""Where student code runs: a process forked from a prepared one, which is sent values and sends back values.

`client` is the grader's end, `server` the prepared process, `child` what happens after the fork, `wire` the
messages between them. `server`, `child` and `wire` import nothing of autograder but each other: references, checks
and scores are not in their memory. This release isolates by process only, and results say so
(`"sandbox": "none"`).
"""
