"""Why an auditor's act is refused: one word, told to auditors only, without personal data."""


class AuditRefusedError(Exception):
    """The act is not carried out; nothing was opened.

    Attributes:
        why: ``keys``, ``passphrase``, ``same-person``, ``order``, ``order-needed``, ``expired``,
            ``used``, ``clock``, ``quota-hour``, ``quota-day``, ``log``, ``hold``, ``too-many`` or
            ``statement``.
        detail: a technical word more.
    """

    def __init__(self, why: str, detail: str = "") -> None:
        super().__init__(f"{why}: {detail}" if detail else why)
        self.why = why
        self.detail = detail
