"""What can stop a benchmark, said so that a person knows what to do. The number is the process' exit code."""


class BenchError(Exception):
    """The benchmark cannot go on."""

    exit_code = 1


class ProgramMissing(BenchError):
    """A program that one side needs is not installed."""

    exit_code = 3


class NotFinished(BenchError):
    """A side did not end its sweep in time, or ended it with something undone."""

    exit_code = 4


class Disagreement(BenchError):
    """The two sides did not do the same work, so that comparing them means nothing."""

    exit_code = 5
