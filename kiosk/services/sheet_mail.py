"""Has the customer's sheet mailed, where the customer asks for it.

Rules, in order: the address is brought into form first; it is handed on and kept nowhere here; no
network, or a record that has not arrived yet, is said and not promised: there is no queue.
"""

from kiosk.domain.contact import email_address
from kiosk.domain.errors import NotEnrolledError
from kiosk.ports import SheetMail
from kiosk.sync.contact import SheetOrder


class SheetMailer:
    """What the receipt asks for. Called away from the screen."""

    def __init__(self, port: SheetMail | None) -> None:
        """Port: None where this device belongs to no fleet."""
        self._port = port

    def send(self, seq: int, typed: str, language: str, variant: str, text: str) -> str:
        """Mail the sheet of the record of entry ``seq``; the address that it went to.

        Raises:
            ContactAddressError: what was typed is no address; nothing was asked.
            UnreachableError: not now; nothing was sent.
            ContactError, ProtocolError, CertificateError: see :class:`kiosk.ports.SheetMail`.
        """
        if self._port is None:
            raise NotEnrolledError
        address = email_address(typed)
        order = SheetOrder(address=address, language=language, variant=variant, text=text)
        self._port.mail_sheet(seq, order)
        return address
