"""From a notebook's text to the program that an exercise needs. Nothing is executed here, and torch is not needed.

The staff's grader and `cu.submit` share this code and that of `running`, so that what a student sees before handing in
is what counts afterwards. Only the process differs in which a slice is executed: the grader's is a sandbox, the
student's is `alone`.
"""
