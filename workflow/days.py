"""Days as the registry counts them: calendar days in Asia/Taipei, stored as moments in UTC."""

from __future__ import annotations

import calendar
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

TAIPEI = ZoneInfo("Asia/Taipei")
UTC = ZoneInfo("UTC")
MORNING = time(9, 0)


def add_months(day: date, months: int) -> date:
    """Return the same day `months` later, or that month's last day when it has no such day (Civil Code art. 121)."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def taipei_day(moment: datetime) -> date:
    """Return the day in Taipei of a moment."""
    return moment.astimezone(TAIPEI).date()


def end_of(day: date) -> datetime:
    """Return the midnight that ends a day in Taipei, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(0), TAIPEI).astimezone(UTC)


def morning_of(day: date) -> datetime:
    """Return nine in the morning of a day in Taipei, in UTC."""
    return datetime.combine(day, MORNING, TAIPEI).astimezone(UTC)
