"""Which of the two languages a page speaks: zh-TW by default, English by `?lang=en` or by the cookie it leaves.

Texts stand in the templates as pairs, `t("中文", "English")`; words and refusals carry both themselves.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Protocol
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import Flask, Response, current_app, g, request, url_for
from flask_babel import Babel
from markupsafe import Markup
from werkzeug.exceptions import NotFound

COOKIE = "lang"
ZH, EN = "zh", "en"
TAGS = {ZH: "zh-Hant-TW", EN: "en"}
_LOCALES = {ZH: "zh_Hant_TW", EN: "en"}
_YEAR_SECONDS = 365 * 24 * 3600
_TAIPEI = ZoneInfo("Asia/Taipei")
_ROC_OFFSET = 1911


class Bilingual(Protocol):
    """Anything that carries both languages: a word, a refusal, a problem of a field."""

    @property
    def zh(self) -> str:
        """The Chinese."""

    @property
    def en(self) -> str:
        """The English."""


def language() -> str:
    """Return `zh` or `en` for the request."""
    if "language" not in g:
        asked = request.args.get("lang") or request.cookies.get(COOKIE)
        g.language = EN if asked == EN else ZH
    return str(g.language)


def t(zh: str, en: str) -> str:
    """Return the text in the language of the request."""
    return en if language() == EN else zh


def bracketed(inside: object) -> Markup:
    """Put what follows some words into brackets; English has a space before them."""
    brackets = Markup(" ({})") if language() == EN else Markup("（{}）")
    return brackets.format(inside)


def say(pair: Bilingual | tuple[str, str] | None) -> str:
    """Return a word, a refusal, a problem or a (zh, en) pair in the language of the request; nothing for None."""
    if pair is None:
        return ""
    return t(*pair) if isinstance(pair, tuple) else t(pair.zh, pair.en)


def label(thing: object) -> str:
    """Return the label of a declared field, section or choice in the language of the request."""
    for stem in ("label", "title"):
        if hasattr(thing, f"{stem}_zh"):
            return t(getattr(thing, f"{stem}_zh"), getattr(thing, f"{stem}_en"))
    raise TypeError(f"{type(thing).__name__} has no label")


def choice(thing: Bilingual) -> tuple[str, str]:
    """Return a word as a pick list takes it: its stored value and its label."""
    return str(getattr(thing, "value", thing)), say(thing)


def day(when: date | datetime | None) -> str:
    """Return a day as people here write it: 民國115年11月21日, or 21 November 2026. A moment is read in Taipei."""
    if when is None:
        return "—"
    there = when.astimezone(_TAIPEI) if isinstance(when, datetime) else when
    zh = f"民國{there.year - _ROC_OFFSET}年{there.month}月{there.day}日"
    return t(zh, f"{there.day} {there:%B} {there.year}")


def last_day(due_at: datetime | None) -> str:
    """Return the last day of a deadline, which ends at the midnight after it."""
    return "—" if due_at is None else day(due_at - timedelta(seconds=1))


def grouped(number: str) -> str:
    """Return a long number in groups of five, as people read it out."""
    return " ".join(number[at : at + 5] for at in range(0, len(number), 5))


def moment(when: datetime | None) -> str:
    """Return a day with the time in Taipei."""
    return "—" if when is None else f"{day(when)} {when.astimezone(_TAIPEI):%H:%M}"


def _switch_address() -> str:
    """Return the address of this page in the other language; of one that only takes posts, the nearest page above it.

    Where there is none, as for a page that does not exist, it is the home page.
    """
    other = ZH if language() == EN else EN
    path = "" if isinstance(request.routing_exception, NotFound) else _nearest_page(request.path)
    if not path:
        return url_for("public.home", lang=other)
    asked = [(name, value) for name, value in request.args.items(multi=True) if name != "lang"]
    return f"{path}?{urlencode([*(asked if path == request.path else ()), ('lang', other)])}"


def _nearest_page(path: str) -> str:
    """Return a path, or the longest part of it, that a browser may ask for; nothing but the root is no part."""
    adapter = current_app.create_url_adapter(request)
    while path := path.rstrip("/"):
        for one in (path + "/", path):
            if adapter is not None and adapter.test(one, "GET"):
                return one
        path = path.rpartition("/")[0]
    return ""


def _keep_choice(response: Response) -> Response:
    if request.args.get("lang") in {ZH, EN}:
        response.set_cookie(
            COOKIE, language(), max_age=_YEAR_SECONDS, httponly=True, samesite="Lax", secure=request.is_secure
        )
    return response


def install(app: Flask) -> None:
    """Teach an application both languages."""
    Babel(
        app,
        default_locale=_LOCALES[ZH],
        default_timezone="Asia/Taipei",
        locale_selector=lambda: _LOCALES[language()],
    )
    app.after_request(_keep_choice)
    app.jinja_env.globals.update(
        t=t,
        say=say,
        label=label,
        language=language,
        language_tag=lambda: TAGS[language()],
        switch_address=_switch_address,
    )
    app.jinja_env.filters.update(
        day=day, last_day=last_day, moment=moment, choice=choice, grouped=grouped, bracketed=bracketed
    )
    app.jinja_env.filters["pair"] = lambda text: (text, text)
