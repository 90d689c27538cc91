"""The pages on which a holder uses the card in the reader at hand, over the card agent on that machine.

Each page is one errand; the conversation itself runs through `web.card_talk`. Pages of this blueprint alone may reach
the agent: its loopback address stands in their content security policy, and nowhere else.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, render_template

from web import security
from web.access import public
from web.card_words import card_words
from web.casework import as_download
from web.ports import AGENT_URL, office, ports
from web.security import limited
from workflow.vocabulary import CardErrand

if TYPE_CHECKING:
    from pathlib import Path

blueprint = Blueprint("card", __name__)


@dataclass(frozen=True, slots=True)
class Flow:
    """One errand's page: what it is called, what it asks for, and what is said before."""

    errand: CardErrand
    zh: str
    en: str
    intro: tuple[tuple[str, str], ...]
    asks: tuple[str, ...] = ()
    """Among details_right, user_code, pin, new_pin."""
    button: tuple[str, str] = ("確定", "Go on")
    goal: str = ""
    """The page that a proof of card and PIN opens: an endpoint, or for the staff's log-in an address."""


VENDOR_TOOL = (
    "請勿使用卡片廠商工具的「Unlock PIN」功能，以免卡片永久鎖死。",
    "Never use the card vendor's own “Unlock PIN”: it may lock the card for good.",
)
_PROVE = ("插入已開卡的卡片並輸入 PIN 碼。", "Insert the activated card and enter its PIN.")
FLOWS = {
    "log_in": Flow(
        CardErrand.PROVE, "以卡片登入", "Log in with the card",
        (_PROVE, ("登入後可檢視憑證與案件、修改連絡人；15 分鐘後自動登出。", "Then see certificates and cases and change the contact. It ends after 15 minutes.")),
        ("pin",), ("登入", "Log in"), "card_holder.home",
    ),
    "activate": Flow(
        CardErrand.ACTIVATE, "IC卡開卡", "Activate a card",
        (
            ("開卡前請勿把卡片用於任何應用程式，以免卡片永久損壞。", "Use the card in no application before: it may be damaged for good."),
            ("核對卡片資料、輸入用戶代碼，再抄下只顯示一次的 PIN 碼。", "Check the details, enter the user code and copy down the PIN, which is shown only once."),
        ),
        ("details_right", "user_code"), ("開卡", "Activate"),
    ),
    "unblock": Flow(
        CardErrand.UNBLOCK, "鎖卡解碼／重設PIN碼", "Unblock the PIN",
        (
            ("PIN 碼連續輸入錯誤三次，卡片會鎖住；忘記 PIN 碼也在此重設。", "Three wrong PINs lock the card. A forgotten PIN is set anew here too."),
            ("用戶代碼輸入錯誤三次將鎖定，須先辦理用戶代碼重設。", "Three wrong user codes lock this way too, until the code is reset."),
            VENDOR_TOOL,
        ),
        ("details_right", "user_code", "new_pin"), ("設定新 PIN 碼", "Set the new PIN"),
    ),
    "change_pin": Flow(
        CardErrand.CHANGE_PIN, "更改PIN碼", "Change the PIN",
        (
            ("舊 PIN 碼連續輸入錯誤三次，卡片會鎖住。", "Three wrong old PINs lock the card."),
            ("PIN 碼只在您的電腦與卡片之間傳送，不會送到本網站。", "The PINs go from your computer to your card, never to this site."),
        ),
        ("pin", "new_pin"), ("更改 PIN 碼", "Change the PIN"),
    ),
    "view": Flow(
        CardErrand.LOOK, "憑證IC卡資訊檢視", "View a card",
        (("顯示卡號、持有人、有效期限與簽發者，不需要 PIN 碼。", "Shows number, holder, validity and issuer; no PIN is needed."),),
    ),
    "test": Flow(
        CardErrand.TEST, "憑證IC卡功能測試", "Test a card",
        (
            ("以卡片簽章一次並驗證，確認卡片、PIN 碼與憑證可以使用。", "Signs once with the card and verifies it: card, PIN and certificate work."),
            ("若憑證有效且測試成功，問題在應用系統端。", "If the certificate is valid and the test succeeds, the fault is in the application."),
        ),
        ("pin",), ("測試", "Test"),
    ),
    "contact": Flow(
        CardErrand.PROVE, "憑證IC卡連絡人修改", "Change the contact",
        (_PROVE, ("承辦人異動時請更新連絡人，以便收到到期通知。", "Change the contact when the clerk does, so that notices arrive.")),
        ("pin",), ("確認身分", "Prove yourself"), "card_holder.contact",
    ),
    "certificates": Flow(
        CardErrand.PROVE, "線上查詢機關所有憑證", "All certificates of the agency",
        (_PROVE, ("顯示貴機關在政府憑證管理中心的所有憑證。", "Shows all certificates of your agency at the Government CA.")),
        ("pin",), ("查詢", "Show them"), "card_holder.certificates",
    ),
}  # fmt: skip


def _page(name: str) -> str:
    return render_template("card/flow.html", flow=FLOWS[name], name=name, words=card_words())


@blueprint.get("/card/")
@public
def index() -> str:
    """Show all that can be done with a card."""
    return render_template("card/index.html", flows=FLOWS)


@blueprint.get("/card/log-in/")
@public
def log_in() -> str:
    """Log a holder in by card and PIN."""
    return _page("log_in")


@blueprint.get("/card/activate/")
@public
def activate() -> str:
    """Activate a card over the agent (ACT-01, ACT-02)."""
    return _page("activate")


@blueprint.get("/card/unblock/")
@public
def unblock() -> str:
    """Unblock or reset the PIN by the user code, never by the vendor's tool (PIN-02, PIN-04, PIN-05)."""
    return _page("unblock")


@blueprint.get("/card/change-pin/")
@public
def change_pin() -> str:
    """Change the PIN (PCH-01)."""
    return _page("change_pin")


@blueprint.get("/card/view/")
@public
def view() -> str:
    """View a card (VEW-01)."""
    return _page("view")


@blueprint.get("/card/test/")
@public
def test() -> str:
    """Test a card's functions (VEW-02)."""
    return _page("test")


@blueprint.get("/card/contact/")
@public
def contact() -> str:
    """Prove card and PIN before the contact is changed (CTC-01)."""
    return _page("contact")


@blueprint.get("/card/certificates/")
@public
def certificates() -> str:
    """Prove card and PIN before the agency's certificates are shown (STA-03)."""
    return _page("certificates")


@blueprint.get("/card/check/")
@public
def check() -> str:
    """Check agent, reader, card and browser: failed in red with a way to mend it, passed in blue (ENV-01)."""
    return render_template("card/check.html", words=card_words())


@blueprint.get("/agent/")
@public
def agent() -> str:
    """Tell how the card agent is installed on each operating system."""
    package = _package()
    digest = _digest_of(package) if package else ""
    return render_template("card/agent.html", package=package, digest=digest, start=_start_command())


def _start_command() -> str:
    """Return what starts the agent where the pages look for it, for this site alone."""
    url = ports().agent_url
    place = "" if url == AGENT_URL else f" --port {urlsplit(url).port}"
    return f"guanfang agent --allow-origin {office().settings.base_url}{place}"


def _digest_of(package: Path) -> str:
    """Return the SHA-256 of the wheel; it is read again only when it was replaced."""
    known = package.stat()
    return _digest(package, known.st_mtime_ns, known.st_size)


@lru_cache(maxsize=4)
def _digest(package: Path, _mtime_ns: int, _size: int) -> str:
    with package.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _package() -> Path | None:
    """Return the wheel that is handed out, where the operator has put one."""
    package = ports().agent_package
    return package if package is not None and package.is_file() else None


@blueprint.get("/agent/package/<name>")
@public
@limited("60 per minute", "GET")
def agent_package(name: str) -> Response:
    """Hand out the wheel under its own name, which installers read its version from."""
    package = _package()
    if package is None or name != package.name:
        abort(HTTPStatus.NOT_FOUND)
    return as_download(Response(package.read_bytes(), mimetype="application/octet-stream"), package.name)


@blueprint.after_request
def open_the_way_to_the_agent(response: Response) -> Response:
    """Let these pages reach the agent, and keep hold of its window; all else stays closed."""
    response.headers["Content-Security-Policy"] = security.policy(connect=ports().agent_url)
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin-allow-popups"
    return response
