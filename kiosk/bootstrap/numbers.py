"""Mobile numbers as the rules of the service in force judge them, for those who send codes."""

from collections.abc import Callable
from contextlib import suppress

from kiosk.advice.phones import MobileVerdict, PhoneRules
from kiosk.domain.contact import mobile_number
from kiosk.domain.errors import ContactAddressError, NoFactError
from kiosk.ports import Clock


def number_rule(phones: PhoneRules, clock: Clock) -> Callable[[str], str]:
    """A number as typed, in E.164; raises ContactAddressError where the service takes none of it.

    Where no list of country codes is in force on the day of the act, the plan of France decides.
    """

    def number_of(typed: str) -> str:
        with suppress(NoFactError):
            answer = phones.judge(typed, clock.now().astimezone().date())
            if answer.verdict is not MobileVerdict.ELIGIBLE or answer.e164 is None:
                raise ContactAddressError(answer.verdict.value)
            return answer.e164
        return mobile_number(typed)

    return number_of
