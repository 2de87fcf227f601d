"""What holds for every test: programs of the product are forked from one that has them loaded."""

from tests.fakes import programs


def pytest_configure() -> None:
    programs.keep_loaded()


def pytest_unconfigure() -> None:
    programs.let_go()
