"""What the grader makes of a notebook: its cells are read, sliced, executed and judged, exercise by exercise.

The staff's grader and `cu.submit` share this code, so that what a student sees before handing in is what counts
afterwards. Only the process differs in which a slice is executed: the grader's is a sandbox, the student's is `alone`.
"""
