"""The menu: which pages there are for whom. The site map shows the same list."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, current_app, request

from web import access
from web.ports import ports


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the menu: an endpoint that takes GET without arguments, its names, and the group it stands in."""

    endpoint: str
    zh: str
    en: str
    group: str = "public"
    demo: bool = False
    main: bool = True
    """Whether it stands in the menu; other entries are found by the site map alone."""


GROUPS = {
    "public": ("申請與查詢", "Apply and follow"),
    "holder": ("卡片作業", "Your card"),
    "repository": ("憑證與儲存庫", "Certificates and repository"),
    "help": ("說明", "Help"),
    "about": ("關於本站", "About this site"),
    "staff": ("工作區", "Work area"),
    "demo": ("示範環境", "Demonstration"),
}

ITEMS: tuple[Item, ...] = (
    Item("public.home", "首頁", "Home"),
    Item("applicant.start", "申請憑證IC卡", "Apply for a card"),
    Item("own_case.status", "申請狀態查詢", "Application status"),
    Item("own_case.amend_start", "修改及補列印申請書", "Amend or reprint", main=False),
    Item("public.windows", "查詢初審註冊窗口", "Find your first-review window", main=False),
    Item("card.activate", "IC卡開卡", "Activate a card", group="holder"),
    Item("card.index", "卡片作業", "Your card", group="holder"),
    Item("card.log_in", "以卡片登入", "Log in with the card", group="holder", main=False),
    Item("card.unblock", "鎖卡解碼／重設PIN碼", "Unblock the PIN", group="holder", main=False),
    Item("card.change_pin", "更改PIN碼", "Change the PIN", group="holder", main=False),
    Item("card.view", "憑證IC卡資訊檢視", "View a card", group="holder", main=False),
    Item("card.test", "憑證IC卡功能測試", "Test a card", group="holder", main=False),
    Item("card.contact", "憑證IC卡連絡人修改", "Change the contact", group="holder", main=False),
    Item(
        "card.certificates",
        "線上查詢機關所有憑證",
        "All certificates of the agency",
        group="holder",
        main=False,
    ),
    Item("card_holder.suspend", "憑證停用", "Suspend certificates", group="holder", main=False),
    Item("card_holder.resume", "憑證復用", "Resume certificates", group="holder", main=False),
    Item("card.check", "環境檢測", "Check this computer", group="holder", main=False),
    Item("card.agent", "安裝讀卡代理程式", "Install the card agent", group="holder", main=False),
    Item(
        "holder.activation", "以服務台讀卡機開卡", "Activate at the desk's reader", group="holder", main=False
    ),
    Item("acceptance.start", "非IC卡類憑證接受", "Accept certificates", group="holder", main=False),
    Item("holder.reset", "用戶代碼重設", "User-code reset", group="holder"),
    Item(
        "publication.choice", "憑證是否公布", "Publication of your certificates", group="holder", main=False
    ),
    Item("directory.search", "憑證查詢及下載", "Find a certificate", group="repository"),
    Item("papers.index", "儲存庫", "Repository", group="repository"),
    Item("statistics.index", "憑證簽發統計", "Statistics", group="repository", main=False),
    Item("api.index", "程式介面（API）", "Programming interface (API)", group="repository", main=False),
    Item("guidance.index", "說明", "Help", group="help"),
    Item("guidance.lost_card", "卡片遺失怎麼辦", "When a card is lost", group="help", main=False),
    Item("guidance.duties", "持有人的責任", "The holder's duties", group="help", main=False),
    Item("guidance.certificate_status", "憑證狀態問答", "Questions of status", group="help", main=False),
    Item(
        "guidance.server_certificates",
        "安裝伺服器憑證",
        "Install a server certificate",
        group="help",
        main=False,
    ),
    Item("public.site_map", "網站導覽", "Site map", group="about", main=False),
    Item("public.accessibility", "無障礙聲明", "Accessibility statement", group="about", main=False),
    Item("public.privacy", "隱私權政策", "Privacy policy", group="about", main=False),
    Item("staff.worklist", "工作清單", "Work list", group="staff"),
    Item("staff.search", "查詢", "Search", group="staff"),
    Item("clerk.tray", "公文", "Letters", group="staff"),
    Item("clerk.missing", "等候公文", "Missing letters", group="staff"),
    Item("window.index", "初審", "First review", group="staff"),
    Item("window.forward", "函送複審", "Forward", group="staff"),
    Item("officer.index", "複審", "Second review", group="staff"),
    Item("requests.index", "憑證請求", "Certificate requests", group="staff"),
    Item("requests.submit", "送出憑證請求", "Submit certificate requests", group="staff", main=False),
    Item("centre.index", "製卡", "Manufacture", group="staff"),
    Item("line.index", "製卡線", "Line", group="staff"),
    Item("line.quarantine", "隔離卡片", "Quarantine", group="staff", main=False),
    Item("centre.packing", "裝封", "Packing", group="staff"),
    Item("centre.posting", "交寄", "Posting", group="staff"),
    Item("centre.returned", "退回郵件", "Returned mail", group="staff"),
    Item("centre.mailing_lists", "交寄清單", "Mailing lists", group="staff", main=False),
    Item("stock.index", "庫存", "Stock", group="staff"),
    Item("stock_moves.boxes", "卡盒到貨與點收", "Delivered boxes", group="staff", main=False),
    Item("stock_moves.moves", "空白卡撥交", "Cards carried", group="staff", main=False),
    Item("stock_accounts.accounts", "庫存日結", "Accounts of places", group="staff", main=False),
    Item("stock_accounts.differences", "點收差異", "Differences", group="staff", main=False),
    Item("stock_accounts.destructions", "廢卡銷毀", "Destruction", group="staff", main=False),
    Item("desk.index", "服務台", "Help desk", group="staff"),
    Item("emergency.index", "緊急停用", "Emergency suspensions", group="staff", main=False),
    Item("operator.index", "維運", "Operations", group="staff"),
    Item("operator.deadline_list", "期限", "Deadlines", group="staff"),
    Item("operator.audit_log", "稽核紀錄", "Audit log", group="staff"),
    Item("administrator.accounts", "人員帳號", "Accounts", group="staff"),
    Item("clerk.import_letter", "匯入電子公文", "Import a letter", group="staff", main=False),
    Item("clerk.log", "登錄紙本公文", "Log a letter", group="staff", main=False),
    Item("login.form", "人員登入", "Staff log-in", group="staff", main=False),
    Item("demo.index", "示範控制台", "Demonstration desk", group="demo", demo=True),
)


def visible(app: Flask | None = None) -> tuple[Item, ...]:
    """Return the entries that the visitor may use, in order."""
    app = app or current_app
    who = access.staff()
    found = []
    for item in ITEMS:
        if item.endpoint not in app.view_functions or (item.demo and not ports().demo):
            continue
        rule = access.rule_of(app, item.endpoint)
        if rule is not None and access.may(rule, who):
            found.append(item)
    return tuple(found)


def menu() -> tuple[tuple[Item, bool], ...]:
    """Return the menu's entries, each with whether it is the page that is open.

    The staff see their own work; those whose role has none on the pages see what everybody sees.
    """
    chosen = [item for item in visible() if item.main]
    if access.staff() is not None and any(item.group == "staff" for item in chosen):
        chosen = [item for item in chosen if item.group in {"staff", "demo"}]
    return tuple((item, item.endpoint == request.endpoint) for item in chosen)


def grouped() -> tuple[tuple[tuple[str, str], tuple[Item, ...]], ...]:
    """Return all visible entries by group, for the site map."""
    entries = visible()
    groups = ((words, tuple(i for i in entries if i.group == name)) for name, words in GROUPS.items())
    return tuple((words, items) for words, items in groups if items)


def install(app: Flask) -> None:
    """Give the templates their menu."""
    app.jinja_env.globals.update(menu=menu, site_groups=grouped)
