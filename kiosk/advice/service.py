"""Everything that is known of the service, as one value, and its figures as words for the texts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from kiosk.advice.calendar import Calendar, Territory, load_calendar
from kiosk.advice.channels import ChannelId, Channels, load_channels
from kiosk.advice.dated import in_force, the_one
from kiosk.advice.delays import Delays, load_delays
from kiosk.advice.eligibility_rules import EligibilityRules, System, load_eligibility
from kiosk.advice.helpline import Audience, HelpLines, HelpNow, HelpNumber, load_help_lines
from kiosk.advice.paper_file import PaperFile, load_paper_file
from kiosk.advice.phones import PhoneRules, load_phones
from kiosk.advice.questions import Questions, load_questions
from kiosk.domain.errors import CatalogueError, DayRangeError, NoFactError

FILES: Final = (
    "calendar",
    "channels",
    "delays",
    "eligibility",
    "helpline",
    "paper_file",
    "phones",
    "questions",
)
"""Names of the data files, without ``.toml``."""

_SATURDAY: Final = 5
_SUNDAY: Final = 6


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """The public service, as dated data. See the module of each part.

    Attributes:
        office: where this device stands; None: in the metropole.
        paper_last_day: last day on which this site offers the paper procedure.
    """

    calendar: Calendar
    channels: Channels
    delays: Delays
    eligibility: EligibilityRules
    help_lines: HelpLines
    paper_file: PaperFile
    phones: PhoneRules
    questions: Questions
    office: Territory | None = None
    paper_last_day: date = date.max

    @property
    def version(self) -> str:
        """The newest version among the parts."""
        return max(
            self.calendar.version,
            self.channels.version,
            self.delays.version,
            self.eligibility.version,
            self.help_lines.version,
            self.paper_file.version,
            self.phones.version,
            self.questions.version,
        )

    def paper_open(self, day: date) -> bool:
        """Whether the paper procedure is offered here on a day."""
        return self.paper_file.is_open(day, self.paper_last_day)

    def help_now(self, moment: datetime) -> tuple[HelpNow, ...]:
        """The numbers of the help at a moment, as this office sees them. Raises DayRangeError."""
        office = self.office or self.calendar.metropole
        return self.help_lines.now(moment, self.calendar, office)

    def today(self, moment: datetime) -> date:
        """The day in the service's own time, that of Paris."""
        return moment.astimezone(self.calendar.metropole.zone).date()

    def fetch_by(self, last: date) -> date:
        """The last day up to ``last`` that is neither a Sunday nor a public holiday of the office.

        A post office is shut then; one that is shut on a holiday of some communes only is not known
        here, and the day before is safe.
        """
        day = last
        while self.is_shut(day):
            day -= timedelta(days=1)
        return day

    def is_shut(self, day: date) -> bool:
        """A Sunday or a public holiday of the office; of a year too far away, Sundays alone."""
        office = self.office or self.calendar.metropole
        try:
            holiday = self.calendar.holiday_on(office, day)
        except DayRangeError:
            holiday = None
        return day.weekday() == _SUNDAY or holiday is not None

    def figures(self, day: date, language: str) -> dict[str, str]:
        """Figures in force on a day, by the placeholders of the texts.

        Raises:
            NoFactError: one of them is not known for that day.
        """
        return {
            **self._line(Audience.EVERYONE, day, language),
            **{
                f"elected_{name}": value
                for name, value in self._line(Audience.ELECTED, day, language).items()
            },
            "age": str(self.eligibility.age(day)),
            "android": str(self.eligibility.system(System.ANDROID, day).minimum),
            "ios": str(self.eligibility.system(System.IOS, day).minimum),
            "remote_hours": str(the_one(self.delays.remote, day).hours),
            "paper_weeks": str(the_one(self.delays.paper, day).days // 7),
            "keeping_days": str(the_one(self.delays.keeping, day).days),
            "number_everyone": _spaced(self._number(Audience.EVERYONE, day)),
            "number_elected": _spaced(self._number(Audience.ELECTED, day)),
            "address": self._address(ChannelId.COUNTER, day),
            "training_address": self._address(ChannelId.PAPER, day),
        }

    def _line(self, audience: Audience, day: date, language: str) -> dict[str, str]:
        """Hours of one help line by the placeholders of the texts. Raises NoFactError."""
        hours = self._number(audience, day).hours
        week, saturday = hours.week[0], hours.week[_SATURDAY]
        if not week or not saturday:
            raise NoFactError("hours")
        return {
            "week_opens": hour_text(week[0][0], language),
            "week_closes": hour_text(week[-1][1], language),
            "saturday_opens": hour_text(saturday[0][0], language),
            "saturday_closes": hour_text(saturday[-1][1], language),
        }

    def _number(self, audience: Audience, day: date) -> HelpNumber:
        numbers = in_force(self.help_lines.numbers, day)
        return the_one((line for line in numbers if line.audience is audience), day)

    def _address(self, channel_id: ChannelId, day: date) -> str:
        channel = self.channels.get(channel_id, day)
        if channel is None:
            raise NoFactError("address")
        return channel.short_address


def help_figures(figures: Mapping[str, str], *, elected: bool) -> dict[str, str]:
    """Number and hours of the line that one customer calls: elected members have their own.

    Args:
        figures: as :meth:`ServiceFacts.figures` gives them; what is not known there is left out.
        elected: the customer comes for the account of an elected member.
    """
    line = {"help_number": "number_elected" if elected else "number_everyone"}
    hours = ("week_opens", "week_closes", "saturday_opens", "saturday_closes")
    line |= {name: f"elected_{name}" if elected else name for name in hours}
    return {name: figures[source] for name, source in line.items() if source in figures}


def _spaced(line: HelpNumber) -> str:
    return line.number.replace(" ", "\u00a0")


def hour_text(hour: time | None, language: str) -> str:
    """An hour of the day as a person reads it: ``8 h 30``, ``13 h``, ``8:30``. None: midnight."""
    hours, minutes = (hour.hour, hour.minute) if hour is not None else (24, 0)
    if language == "fr":
        return f"{hours}\u00a0h\u00a0{minutes:02}" if minutes else f"{hours}\u00a0h"
    return f"{hours}:{minutes:02}"


def load_service(files: Mapping[str, bytes]) -> ServiceFacts:
    """Type all data of the service.

    Args:
        files: contents by the names of ``FILES``.

    Raises:
        CatalogueError: a file is missing or wrong.
    """
    missing = set(FILES) - set(files)
    if missing:
        raise CatalogueError(f"service: no {min(missing)}")
    calendar = load_calendar(files["calendar"])
    return ServiceFacts(
        calendar=calendar,
        channels=load_channels(files["channels"]),
        delays=load_delays(files["delays"]),
        eligibility=load_eligibility(files["eligibility"]),
        help_lines=load_help_lines(files["helpline"], calendar),
        paper_file=load_paper_file(files["paper_file"]),
        phones=load_phones(files["phones"]),
        questions=load_questions(files["questions"]),
    )
