"""Where student code runs: a process forked from a prepared one, which is sent values and sends back values.

`client` is the grader's end, `starter` starts the fork server, `server` is that prepared process, `child` what happens
after the fork; `control` has the messages between them. `server` and what it imports need nothing else of
autograder: references, checks and scores are not in their memory.

`tiers` finds out which isolation this machine offers, and results say which one was used:

- `"full"`: namespaces of its own (`namespaces`), in which there is no network and no file but those of a `view`;
- `"restricted"`: Landlock allows reading the files of the view, and nothing else (`landlock`);
- `"none"`: the process alone is its own; it has the rights of the grader's account.

In the first two, system calls are filtered (`seccomp`) and processor time, threads and files are limited (`confine`).
Memory and wall-clock time are limited in all three.
"""
