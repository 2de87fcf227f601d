"""What holds for every test: programs of the product are forked from one that has them loaded.

And no device measures what a PIN try costs: a machine on which the usual cost is right stands in.
"""

from kiosk.services import pin_costs
from tests.fakes import programs


def pytest_configure() -> None:
    pin_costs.MEASURED_BY = lambda _cost: 400.0
    programs.keep_loaded()


def pytest_unconfigure() -> None:
    programs.let_go()
