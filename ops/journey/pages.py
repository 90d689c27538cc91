"""Reads pages, fills their own forms and sends them, as a browser would; a page that complains ends the walk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from lxml import html

if TYPE_CHECKING:
    import httpx

Files = Mapping[str, bytes]
Values = Mapping[str, str | bool]
_COMPLAINTS = (
    '//*[@id="error-summary"]//li',
    '//p[contains(concat(" ", @class, " "), " problem ")]',
    '//*[contains(@class, "notice-bad")]',
    '//*[contains(@class, "notice-warn") and @role="alert"]',
)
_WRONG = 400


class JourneyError(Exception):
    """The walk can't go on; the message says on which page and, where the page said so, why."""


class Form:
    """One form of a page with what stands in it."""

    def __init__(self, element: Any, page_url: str) -> None:
        self._element = element
        self.url = urljoin(page_url, element.get("action") or page_url)
        self.method = (element.get("method") or "get").lower()

    @property
    def names(self) -> frozenset[str]:
        """The names of its fields."""
        return frozenset(name for name in self._element.fields if name)

    def value(self, name: str) -> str:
        """Return what stands in a field."""
        return str(self._element.fields[name] or "")

    def fill(self, values: Values) -> Form:
        """Write into fields, choose radios and options by value, and tick boxes with True."""
        for name, value in values.items():
            if name not in self.names:
                raise JourneyError(f"{self.url}: the form has no field {name}")
            try:
                self._element.fields[name] = value
            except ValueError as error:
                raise JourneyError(f"{self.url}: {name} can't be {value}") from error
        return self

    def tick_only(self, name: str, value: str) -> Form:
        """Of the boxes called `name`, tick the one with this value and no other."""
        boxes = [box for box in self._element.inputs if box.get("name") == name and box.type == "checkbox"]
        if value not in {box.get("value") for box in boxes}:
            raise JourneyError(f"{self.url}: there is no box {name} for {value}")
        for box in boxes:
            box.checked = box.get("value") == value
        return self

    def button(self, name: str, starts: str = "") -> tuple[str, str]:
        """Return the name and value of the button whose value begins so."""
        for button in self._element.xpath(".//button[@name=$name]", name=name):
            if str(button.get("value")).startswith(starts):
                return name, str(button.get("value"))
        raise JourneyError(f"{self.url}: there is no button {name} for {starts}")

    def sent(self) -> dict[str, list[str]]:
        """Return what a browser would send of it."""
        found: dict[str, list[str]] = {}
        for name, value in self._element.form_values():
            found.setdefault(name, []).append(value)
        return found


class Page:
    """A page that was answered with."""

    def __init__(self, response: httpx.Response) -> None:
        self.url = str(response.url)
        self.path = urlsplit(self.url).path
        self.status = response.status_code
        self._tree: Any = html.fromstring(response.content.decode("utf-8"))

    @property
    def heading(self) -> str:
        """The text of its h1."""
        return self.text("//h1")

    @property
    def words(self) -> str:
        """All the text of its main part."""
        return self.text('//*[@id="main"]')

    def text(self, path: str) -> str:
        """Return the text of the first element that an XPath finds, evened out; empty when there is none."""
        found = self._tree.xpath(path)
        return " ".join(found[0].text_content().split()) if found else ""

    def texts(self, path: str) -> tuple[str, ...]:
        """Return the text of all elements that an XPath finds."""
        return tuple(" ".join(one.text_content().split()) for one in self._tree.xpath(path))

    def said(self, term: str) -> str:
        """Return what stands beside a term in a list of terms."""
        return self.text(f'//dl/div[normalize-space(dt)="{term}"]/dd')

    @property
    def complaints(self) -> tuple[str, ...]:
        """What the page says is wrong."""
        return tuple(dict.fromkeys(said for path in _COMPLAINTS for said in self.texts(path)))

    @property
    def flashed_bad(self) -> bool:
        """Whether the step before left a word that it went wrong."""
        return bool(self.texts('//*[contains(@class, "notice-bad") and @role="status"]'))

    def form(self, action: str = "", having: Mapping[str, str] | None = None) -> Form:
        """Return the form that posts to an address ending so, or, without one, the page's own post form."""
        for element in self._tree.forms:
            made = Form(element, self.url)
            if made.method != "post" or not urlsplit(made.url).path.endswith(action or self.path):
                continue
            if all(
                name in made.names and made.value(name) == value for name, value in (having or {}).items()
            ):
                return made
        raise JourneyError(f"{self.path}: there is no form for {action or 'it'}: {self.words[:300]}")

    def link(self, words: str) -> str:
        """Return the address of the link that says these words."""
        for element in self._tree.xpath("//a[@href]"):
            if words in " ".join(element.text_content().split()):
                return str(element.get("href"))
        raise JourneyError(f"{self.path}: there is no link {words}")

    def has_link(self, words: str) -> bool:
        """Tell whether there is a link that says these words."""
        return any(words in said for said in self.texts("//a[@href]"))


@dataclass(frozen=True, slots=True)
class Download:
    """A file that was answered with."""

    name: str
    content: bytes


@dataclass
class Visitor:
    """Somebody with a browser of their own; `client` keeps the cookies."""

    client: httpx.Client
    name: str = "visitor"

    def open(self, path: str) -> Page:
        """Open a page."""
        return self._page(self.client.get(path))

    def send(
        self,
        form: Form,
        values: Values | None = None,
        *,
        button: tuple[str, str] | None = None,
        files: Files | None = None,
    ) -> Page:
        """Fill a form, send it and go where that leads; JourneyError with what the page complains of."""
        page = self.try_to_send(form, values, button=button, files=files)
        if page.status >= _WRONG or page.flashed_bad:
            raise JourneyError(
                f"{self.name} at {page.path}: {page.status} {'; '.join(page.complaints) or page.heading}"
            )
        return page

    def try_to_send(
        self,
        form: Form,
        values: Values | None = None,
        *,
        button: tuple[str, str] | None = None,
        files: Files | None = None,
    ) -> Page:
        """Fill a form and send it; the page that answers may complain."""
        return Page(self._sent(form, values, button, files))

    def send_for_file(self, form: Form, values: Values | None = None) -> Download:
        """Fill a form whose answer is a file."""
        return self._file(self._sent(form, values, None, None))

    def download(self, path: str) -> Download:
        """Fetch a file."""
        return self._file(self.client.get(path))

    def _sent(
        self, form: Form, values: Values | None, button: tuple[str, str] | None, files: Files | None
    ) -> httpx.Response:
        data = form.fill(values or {}).sent()
        if button:
            data[button[0]] = [button[1]]
        if files is None:
            return self.client.post(form.url, data=data)
        parts = [("files", (name, content)) for name, content in files.items()]
        return self.client.post(form.url, data=data, files=parts)

    def _page(self, response: httpx.Response) -> Page:
        if not response.headers.get("content-type", "").startswith("text/html"):
            raise JourneyError(
                f"{self.name} at {response.url}: no page but {response.headers.get('content-type')}"
            )
        page = Page(response)
        if response.status_code >= _WRONG:
            raise JourneyError(
                f"{self.name} at {page.path}: {response.status_code} {'; '.join(page.complaints) or page.heading}"
            )
        return page

    def _file(self, response: httpx.Response) -> Download:
        if response.status_code >= _WRONG or response.headers["content-type"].startswith("text/html"):
            page = Page(response)
            raise JourneyError(
                f"{self.name} at {page.path}: no file, but {'; '.join(page.complaints) or page.heading}"
            )
        _, _, name = response.headers.get("content-disposition", "").partition("filename=")
        return Download(name.strip('"'), response.content)
