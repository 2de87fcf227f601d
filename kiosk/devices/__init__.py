"""Hardware and the operating system, behind the ports of :mod:`kiosk.ports`."""
