"""The tree of exceptions: what `autograder` raises on purpose, and whose fault it is.

`course_utils`, which students install without this package, has a root of its own: `course_utils.errors.CourseError`.

What the two sides of a sandbox say to each other has signals of its own (`autograder.sandbox.control`), which end
there: this module is not imported where student code runs.
"""


class AutograderError(Exception):
    """The root of all exceptions of `autograder`."""


class UserError(AutograderError):
    """Something the caller can mend. The CLI prints the message without a stack and ends with exit code 2."""


class SandboxError(AutograderError):
    """The sandbox itself failed: never a student's fault, never a zero."""


class ClusterError(AutograderError):
    """The cluster failed: never a student's fault, never a zero."""
