"""What holds for every test: no property fails because the machine was busy when it was tried."""

from hypothesis import settings

# Two hundred milliseconds for an example, as the library would have it, are a measure of the other
# programs on the machine. Whatever must end in time says so itself; the whole has a limit a test.
settings.register_profile("steady", parent=settings(), deadline=None)
settings.load_profile("steady")
