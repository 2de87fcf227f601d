"""How a call is refused: an HTTP status and a typed problem."""

from __future__ import annotations

from kiosk.sync.messages import Problem


class CallRefusedError(Exception):
    """A call that is answered with a problem.

    Attributes:
        status: HTTP status.
        problem: body of the answer.
    """

    def __init__(self, status: int, error: str, checkpoint: str = "", size: int = 0) -> None:
        super().__init__(f"{status} {error}")
        self.status = status
        self.problem = Problem(error=error, checkpoint=checkpoint, size=size)
