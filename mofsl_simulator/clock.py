"""The simulated exchange's clock: Indian wall time without zone mark, running one second per second.

Three ways to run: `demo` (a weekday, inside the session, market always open), `real` (the wall clock in
India) and `set` (put somewhere by control; sessions then open and close by the hour).
"""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

IST_OFFSET_S = 19_800
IST = timezone(timedelta(seconds=IST_OFFSET_S))
DAY_S = 86_400
TOKEN_DEATH_S = 6 * 3600
OPEN_S = 9 * 3600 + 15 * 60
CASH_CLOSE_S = 15 * 3600 + 30 * 60
DERIVATIVES_CLOSE_S = 15 * 3600 + 40 * 60
_LATEST_WALL_START_S = 15 * 3600
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive on purpose: the broker's times carry no zone


def long_stamp(moment_s: float) -> str:
    """`dd-MMM-yyyy HH:mm:ss` of a naive Indian time given in seconds."""
    moment = _EPOCH + timedelta(seconds=int(moment_s))
    return f"{day_text(moment.date())} {moment:%H:%M:%S}"


def day_text(day: date) -> str:
    """`dd-MMM-yyyy`, months in English whatever the locale."""
    return f"{day.day:02d}-{_MONTHS[day.month - 1]}-{day.year}"


def parse_day(text: str) -> date | None:
    """Read `dd-MMM-yyyy`; None when it is not one."""
    parts = text.strip().split("-")
    if len(parts) != 3 or parts[1].title() not in _MONTHS:
        return None
    try:
        return date(int(parts[2]), _MONTHS.index(parts[1].title()) + 1, int(parts[0]))
    except ValueError:
        return None


def parse_stamp(text: str) -> float | None:
    """Read `dd-MMM-yyyy HH:mm:ss` into seconds; None when it is not one."""
    head, _, tail = text.strip().partition(" ")
    day = parse_day(head)
    if day is None:
        return None
    try:
        hour, minute, second = (int(part) for part in tail.split(":"))
        moment = datetime(day.year, day.month, day.day, hour, minute, second)  # noqa: DTZ001
    except ValueError:
        return None
    return (moment - _EPOCH).total_seconds()


def utc_text(moment_s: float) -> str:
    """ISO 8601 in UTC with milliseconds, as the control pages show instants."""
    moment = datetime.fromtimestamp(moment_s - IST_OFFSET_S, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def weekday_on_or_before(day: date) -> date:
    return day - timedelta(days=max(0, day.weekday() - 4))


def weekday_before(day: date) -> date:
    return weekday_on_or_before(day - timedelta(days=1))


def weekday_after(day: date) -> date:
    following = day + timedelta(days=1)
    return following + timedelta(days=max(0, 7 - following.weekday()) if following.weekday() > 4 else 0)


def seconds_of(day: date) -> int:
    """Midnight of a day in naive Indian seconds."""
    return (day - _EPOCH.date()).days * DAY_S


def closes_at_s(exchange: str) -> int:
    """Second of the day when continuous trading ends (derivatives trade ten minutes longer)."""
    return CASH_CLOSE_S if exchange in ("NSE", "BSE") else DERIVATIVES_CLOSE_S


def demo_start_s(wall_ist_s: float) -> float:
    """Map a wall time into a session: itself when it lies in one, else the same minute and second of an
    early session hour of the last weekday, so that hours of trading remain."""
    day = _EPOCH.date() + timedelta(days=int(wall_ist_s // DAY_S))
    second_of_day = wall_ist_s % DAY_S
    if day.weekday() < 5 and OPEN_S <= second_of_day < _LATEST_WALL_START_S:
        return wall_ist_s
    if second_of_day < OPEN_S:
        day -= timedelta(days=1)
    within_hour_s = second_of_day % 3600
    hour = 9 if within_hour_s >= 15 * 60 else 10
    return seconds_of(weekday_on_or_before(day)) + hour * 3600 + within_hour_s


class SimClock:
    def __init__(
        self,
        *,
        real: bool = False,
        wall_s: Callable[[], float] = time.time,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall_s = wall_s
        self._monotonic_s = monotonic_s
        wall_ist_s = wall_s() + IST_OFFSET_S
        self.mode = "real" if real else "demo"
        self._base_s = (wall_ist_s if real else demo_start_s(wall_ist_s)) - monotonic_s()
        self._stamped = (-1, "")

    def now_s(self) -> float:
        """Naive Indian time in seconds since 1970-01-01 00:00."""
        return self._base_s + self._monotonic_s()

    def now(self) -> datetime:
        return _EPOCH + timedelta(seconds=self.now_s())

    def stamp(self) -> str:
        second = int(self.now_s())
        if self._stamped[0] != second:
            self._stamped = (second, long_stamp(second))
        return self._stamped[1]

    def set_to(self, moment: datetime) -> None:
        """Put the clock on an instant; a naive one is Indian time. Ends the always-open market."""
        zoned = moment.replace(tzinfo=IST) if moment.tzinfo is None else moment
        target_s = zoned.timestamp() + IST_OFFSET_S
        self._base_s = target_s - self._monotonic_s()
        self.mode = "set"

    def advance(self, seconds: float) -> None:
        self._base_s += seconds
        self.mode = "set"

    def begin_demo_session(self, day: date) -> None:
        """Jump to the open of `day`, staying in demo mode (nobody sees an empty night)."""
        self._base_s = seconds_of(day) + OPEN_S - self._monotonic_s()

    def is_open(self, exchange: str) -> bool:
        if self.mode == "demo":
            return True
        now_s = self.now_s()
        if (_EPOCH + timedelta(days=now_s // DAY_S)).weekday() > 4:
            return False
        return OPEN_S <= now_s % DAY_S < closes_at_s(exchange)

    def token_day(self) -> int:
        """Number of the 24 hours from 06:00 to 06:00 in which we are: tokens of another one are dead."""
        return int((self.now_s() - TOKEN_DEATH_S) // DAY_S)

    def trading_day(self) -> date:
        """The day whose books are shown: it turns at 06:00, and a weekend still shows Friday."""
        return weekday_on_or_before(_EPOCH.date() + timedelta(days=self.token_day()))
