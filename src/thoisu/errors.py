"""The one kind of error that users are meant to read."""


class ThoisuError(Exception):
    """What went wrong, where, and what to do, in one line: ``file: place: problem; advice``."""
