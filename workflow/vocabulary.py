"""The registry's words, each in zh-TW for screens and paper and in English for code and translation."""

from __future__ import annotations

from enum import Enum
from typing import Self


class Word(str, Enum):  # noqa: UP042 - a member carries three texts, which StrEnum can't be given.
    """A word of the registry: its stored value, its Chinese and its English."""

    zh: str
    en: str

    def __new__(cls, value: str, zh: str = "", en: str = "") -> Self:
        """Make a member that is equal to its stored value."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.zh = zh
        member.en = en
        return member

    def __str__(self) -> str:
        return str(self._value_)


class Ca(Word):
    """The certification authorities whose paperwork is run here."""

    GCA = "gca", "政府憑證管理中心", "Government CA"
    XCA = "xca", "組織及團體憑證管理中心", "Organisation CA"
    MOICA = "moica", "內政部憑證管理中心", "Citizen CA"


class Rank(Word):
    """Rank of a card within its organisation (APP-05)."""

    PRIMARY = "primary", "正卡", "Primary card"
    SECONDARY = "secondary", "附卡", "Secondary card"


class SubscriberKind(Word):
    """Kinds of subscribers (APP-10, APP-11, APP-23)."""

    SCHOOL = "school", "學校", "School"
    FOUNDATION = "foundation", "財團法人", "Foundation"
    ASSOCIATION = "association", "社團法人", "Association"
    ADMINISTRATIVE_CORPORATION = "administrative_corporation", "行政法人", "Administrative corporation"
    PROFESSIONAL_OFFICE = "professional_office", "自由職業事務所", "Professional office"
    OTHER = "other", "其他組織或團體", "Other organisation"
    AGENCY = "agency", "政府機關", "Government agency"
    UNIT = "unit", "政府單位", "Government unit"
    NATURAL_PERSON = "natural_person", "自然人", "Natural person"


class Role(Word):
    """Who may act (ROL-01, ROL-09)."""

    APPLICANT = "applicant", "申請人", "Applicant"
    HOLDER = "holder", "持卡人", "Card holder"
    LETTER_CLERK = "letter_clerk", "收發人員", "Letter clerk"
    FIRST_REVIEWER = "first_reviewer", "初審註冊窗口", "First-review window"
    SECOND_REVIEWER = "second_reviewer", "複審人員", "Second reviewer"
    CARD_CENTRE = "card_centre", "卡管中心", "Card centre"
    HELP_DESK = "help_desk", "服務台", "Help desk"
    AUDITOR = "auditor", "稽核員", "Auditor"
    ADMINISTRATOR = "administrator", "管理員", "Administrator"
    OPERATOR = "operator", "維運員", "Operator"
    CONTROLLER = "controller", "實體安全控管員", "Physical security controller"
    SYSTEM = "system", "系統", "System"


STAFF_ROLES = frozenset(Role) - {Role.APPLICANT, Role.HOLDER, Role.SYSTEM}


class Consequence(Word):
    """What befalls a certificate whose deadline has passed (P-05, P-08)."""

    SUSPEND = "suspend", "停用", "Suspended"
    REVOKE = "revoke", "廢止", "Revoked"
    LAPSE = "lapse", "失效", "Lapsed"


class Basis(Word):
    """The day from which the ninety days are counted (P-06)."""

    CARD_ISSUED = "card_issued", "發卡日期", "Date of card issue"
    CERTIFICATE_ISSUED = "certificate_issued", "憑證簽發日", "Date of certificate issue"
    PREVIEW_SHOWN = "preview_shown", "憑證內容確認起始日", "Date the content was shown"


class Channel(Word):
    """How a new user code reaches its holder (P-15)."""

    EMAIL = "email", "電子郵件", "E-mail"
    PHONE = "phone", "電話", "Telephone"
    COUNTER = "counter", "臨櫃", "At the counter"


class Lane(Word):
    """Lanes of the outbox; each is worked on its own so that a slow one holds up no other."""

    CERTIFICATE = "certificate", "憑證", "Certificate"
    CARD = "card", "製卡", "Card"
    PAPER = "paper", "文件", "Paper"
    NOTICE = "notice", "通知", "Notice"


class CaseKind(Word):
    """The kinds of cases."""

    CARD_APPLICATION = "card_application", "憑證IC卡申請", "Card application"
    USERCODE_RESET = "usercode_reset", "用戶代碼重設", "User-code reset"
    CERTIFICATE_REQUEST = "certificate_request", "非IC卡類憑證申請", "Certificate request"


class RequestKind(Word):
    """Kinds of certificates whose keys lie elsewhere than on a card (CSR-05, P-11)."""

    NON_CARD = "non_card", "非IC卡類", "Non-card"
    TLS = "tls", "TLS 伺服器", "TLS server"
    SERVER = "server", "專屬伺服器應用軟體", "Proprietary server application"


class ItemState(Word):
    """States of one certificate signing request within a batch."""

    WAITING = "waiting", "待簽發", "Waiting"
    ISSUED = "issued", "已簽發", "Issued"
    REFUSED = "refused", "不予簽發", "Refused"


class CertificateStatus(Word):
    """States of a certificate (rules of the sources, section 27; STA-05)."""

    INTENDED = "intended", "待簽發", "Intended"
    ISSUED = "issued", "已簽發（未開卡）", "Issued, not yet activated"
    VALID = "valid", "有效", "Valid"
    SUSPENDED = "suspended", "停用", "Suspended"
    REVOKED = "revoked", "廢止", "Revoked"


class AuthorityState(Word):
    """States of an authority's key: it issues, it only serves what it issued, or it is gone (RFC 3647 §4.6.2).

    One whose own certificate is revoked serves on, for lists have to say what became of what it issued.
    """

    ACTIVE = "active", "使用中", "Active"
    RETIRED = "retired", "已停止簽發", "Retired"
    REVOKED = "revoked", "憑證已廢止", "Revoked"
    DESTROYED = "destroyed", "金鑰已銷毀", "Destroyed"


class KeyTask(Word):
    """What is done to authorities' keys by several people together (ROL-02, ROL-08)."""

    CEREMONY = "ceremony", "金鑰產製典禮", "Key ceremony"
    ROLLOVER = "rollover", "金鑰更換", "Roll-over"
    RETIREMENT = "retirement", "停止簽發", "Retirement"
    DESTRUCTION = "destruction", "金鑰銷毀", "Destruction"
    RESTORATION = "restoration", "金鑰回復", "Restoration"
    REVOCATION = "revocation", "憑證機構憑證廢止", "Revocation of an authority"


class KeyDuty(Word):
    """What several people do together about secrets beside the authorities' own keys (ROL-02, ROL-08)."""

    SHARING = "sharing", "金鑰啟用密碼分持", "Splitting of the keys' secret"
    ACTIVATION = "activation", "金鑰啟用", "Activation of the keys"
    DEACTIVATION = "deactivation", "金鑰停用", "Deactivation of the keys"
    CARD_MASTER_KEY = "card_master_key", "卡片主金鑰產製或回復", "Making or return of a master key of cards"


class ProposalState(Word):
    """States of an account that two people give: proposed, confirmed or taken back, or made alone and to be confirmed."""

    OPEN = "open", "待另一人確認", "Waiting for another person"
    ALONE = "alone", "單人緊急開立，待確認", "Made alone, to be confirmed"
    CONFIRMED = "confirmed", "已確認", "Confirmed"
    WITHDRAWN = "withdrawn", "已撤回", "Withdrawn"


class ShareSetState(Word):
    """States of a set of shares: a replaced one opens nothing any more, and its shares are to be destroyed.

    A pending one is for a PIN that its token may not have yet.
    """

    PENDING = "pending", "待生效", "Pending"
    IN_FORCE = "in_force", "使用中", "In force"
    REPLACED = "replaced", "已更換", "Replaced"
    DESTROYED = "destroyed", "已銷毀", "Destroyed"


class KeyTaskState(Word):
    """States of such a task: under way, carried out, or broken off with all that it had made destroyed."""

    OPEN = "open", "進行中", "Under way"
    DONE = "done", "已完成", "Done"
    ABORTED = "aborted", "已中止", "Broken off"


class StatusChange(Word):
    """What a transition does to the certificates of its card, in the same commit (SUS-10)."""

    NONE = "none", "不變", "None"
    ACTIVATE = "activate", "生效", "Activate"
    SUSPEND = "suspend", "停用", "Suspend"
    RESUME = "resume", "復用", "Resume"
    REVOKE = "revoke", "廢止", "Revoke"


class RevocationReason(Word):
    """CRL reason codes in use here (RFC 5280 §5.3.1)."""

    UNSPECIFIED = "unspecified", "未指明", "Unspecified"
    KEY_COMPROMISE = "key_compromise", "金鑰洩漏", "Key compromise"
    AFFILIATION_CHANGED = "affiliation_changed", "身分資料已更改", "Affiliation changed"
    SUPERSEDED = "superseded", "已取代", "Superseded"
    CESSATION_OF_OPERATION = "cessation_of_operation", "停止使用", "Cessation of operation"
    CERTIFICATE_HOLD = "certificate_hold", "停用", "Certificate hold"
    NOT_ACTIVATED = "not_activated", "逾期未開卡", "Not activated in time"


class AuthorityRevocationReason(Word):
    """Why the root revokes an authority's certificate (RFC 5280 §5.3.1)."""

    CA_COMPROMISE = "ca_compromise", "憑證機構金鑰遭破解", "CA compromise"
    SUPERSEDED = "superseded", "已取代", "Superseded"
    CESSATION_OF_OPERATION = "cessation_of_operation", "停止營運", "Cessation of operation"


class CardState(Word):
    """States of a card in the card centre's account."""

    BLANK = "blank", "空白卡", "Blank"
    PERSONALISING = "personalising", "製卡中", "Being personalised"
    MADE = "made", "已製成", "Made"
    POSTED = "posted", "已寄出", "Posted"
    ACTIVE = "active", "已開卡", "Activated"
    QUARANTINED = "quarantined", "隔離", "Quarantined"
    SPOILED = "spoiled", "廢卡", "Spoiled"


class JobState(Word):
    """States of one card to be made in a batch of the manufacturing line."""

    WAITING = "waiting", "等候製卡", "Waiting"
    WORKING = "working", "製作中", "Being made"
    INTERRUPTED = "interrupted", "中斷，請放回卡片", "Interrupted: put the card back"
    MADE = "made", "已製成", "Made"
    LEFT = "left", "移出批次", "Left the batch"


OPEN_JOBS = (JobState.WAITING, JobState.WORKING, JobState.INTERRUPTED)


class CardStep(Word):
    """How far a card has come on the line; an irreversible step is recorded before the next one (CRD-01)."""

    CLAIMED = "claimed", "已分派案件", "Bound to its case"
    SIGNATURE_KEY = "signature_key", "已產製簽章金鑰", "Has its signature key"
    ENCIPHERMENT_KEY = "encipherment_key", "已產製加密金鑰", "Has both keys"
    MADE = "made", "已製成", "Made"
    RETIRED = "retired", "已註銷", "Retired"


class ReaderState(Word):
    """What a reader of the manufacturing line is doing."""

    WORKING = "working", "製卡中", "Making a card"
    EMPTY = "empty", "等候空白卡", "Waiting for a blank"
    IDLE = "idle", "無待製案件", "Nothing to make"
    SET_ASIDE = "set_aside", "停用，請檢查", "Set aside: look at it"
    STOPPED = "stopped", "未運轉", "Not running"


class MailState(Word):
    """States of a registered mail item."""

    PACKED = "packed", "已裝封", "Packed"
    POSTED = "posted", "已交寄", "Posted"
    RETURNED = "returned", "退回", "Returned"
    LOST = "lost", "遺失", "Lost"
    OPENED = "opened", "拆封", "Opened again"


class DeadlineState(Word):
    """States of a deadline's rung."""

    WAITING = "waiting", "計時中", "Waiting"
    PAUSED = "paused", "暫停", "Paused"
    FIRED = "fired", "已到期處理", "Fired"
    STOPPED = "stopped", "已解除", "Stopped"


class OutboxState(Word):
    """States of a piece of work in the outbox."""

    WAITING = "waiting", "待處理", "Waiting"
    CLAIMED = "claimed", "處理中", "Claimed"
    DONE = "done", "完成", "Done"
    DEAD = "dead", "需人工處理", "Dead letter"


class LetterDirection(Word):
    """Whether a letter came in or went out."""

    INCOMING = "incoming", "收文", "Incoming"
    OUTGOING = "outgoing", "發文", "Outgoing"


class Verdict(Word):
    """What a reviewer decided."""

    APPROVE = "approve", "核可", "Approved"
    RETURN = "return", "退件", "Returned"
    REFUSE = "refuse", "不予核發", "Refused"


class Stage(Word):
    """Which review a decision belongs to."""

    FIRST = "first", "初審", "First review"
    SECOND = "second", "複審", "Second review"


class PublishedKind(Word):
    """Kinds of documents in the repository (CRL-03)."""

    CP = "cp", "憑證政策（CP）", "Certificate policy (CP)"
    CPS = "cps", "憑證實務作業基準（CPS）", "Certification practice statement (CPS)"
    AUDIT_REPORT = "audit_report", "外部稽核報告", "External audit report"
    OTHER = "other", "其他文件", "Other document"


class ShownStatus(Word):
    """How a published certificate stands, in the words of the public query (STA-02, STA-05)."""

    VALID = "valid", "有效", "Valid"
    NOT_YET = "not_yet", "尚未生效", "Not yet valid"
    SUSPENDED = "suspended", "停用", "Suspended"
    REVOKED = "revoked", "廢止", "Revoked"
    EXPIRED = "expired", "到期", "Expired"


class ApiScope(Word):
    """What a token of the programming interface allows."""

    READ = "read", "查詢", "Look up"
    SUBMIT = "submit", "送出憑證請求檔", "Submit certificate requests"


class Watch(Word):
    """What looks at the registry by itself, and tells people what it finds."""

    MONITOR = "monitor", "信賴憑證者巡查", "Relying party's round"
    HALF_LIFE = "half_life", "清冊與回應憑證效期過半", "Half-life of lists and responders"
    RECONCILE = "reconcile", "每夜對帳", "Nightly reconciliation"
    WEAK_KEYS = "weak_keys", "金鑰共因數檢查", "Shared factors of keys"
    RELINT = "relint", "憑證抽查", "Sampled certificates"


class CardErrand(Word):
    """What a conversation with the card in the holder's own reader is for."""

    LOOK = "look", "憑證IC卡資訊檢視", "View the card"
    ACTIVATE = "activate", "開卡", "Activate the card"
    UNBLOCK = "unblock", "鎖卡解碼／重設PIN碼", "Unblock the PIN"
    CHANGE_PIN = "change_pin", "更改PIN碼", "Change the PIN"
    TEST = "test", "功能測試", "Test the card"
    PROVE = "prove", "以卡片與PIN碼確認身分", "Prove the holder by card and PIN"
    LOG_IN = "log_in", "以卡片登入", "Log in with the card"
    SIGN = "sign", "以卡片簽署決定", "Sign a decision with the card"


class EmergencyPaper(Word):
    """The papers with which somebody asks for an emergency suspension (SUS-04)."""

    IDENTITY = "identity", "身分證件影本", "Copies of identity papers"
    POLICE = "police", "警察機關報案證明", "The police's report"


class EmergencyState(Word):
    """States of a request for an emergency suspension."""

    WAITING = "waiting", "等候回電", "To be called back"
    SUSPENDED = "suspended", "已停用", "Suspended"
    REFUSED = "refused", "不予受理", "Refused"


class CardTalk(Word):
    """States of a conversation with a card."""

    OPEN = "open", "進行中", "Open"
    DONE = "done", "完成", "Done"
    REFUSED = "refused", "卡片拒絕", "Refused"
    ENDED = "ended", "已結束", "Ended"


class StaffCardState(Word):
    """States of a card of the staff."""

    MAKING = "making", "製作中", "Being made"
    ACTIVE = "active", "使用中", "In use"
    ENDED = "ended", "已停用", "Ended"


class StaffCards(Word):
    """Whether the staff log in and sign with cards (ROL-05)."""

    OFF = "off", "不使用", "Off"
    OPTIONAL = "optional", "可使用", "Optional"
    REQUIRED = "required", "必須使用", "Required"
