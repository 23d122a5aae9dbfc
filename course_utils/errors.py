"""The root of the exceptions that `course_utils` has of its own; each stands in the module that raises it."""


class CourseError(Exception):
    """Raised on purpose, where no exception of Python fits. Its text is written for the person who reads it."""
