"""The refusals of the registry: one tree, each with a code that selects its sentences.

The code also names an anchor in `docs/errors.md`. Sentences are written for the person who reads them: they say
what is wrong and what would be right. They never carry a secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workflow.errors_of_cards import CARD_SENTENCES
from workflow.errors_of_holders import HOLDER_SENTENCES
from workflow.errors_of_keys import KEY_SENTENCES
from workflow.errors_of_line import LINE_SENTENCES
from workflow.errors_of_outages import OUTAGE_SENTENCES
from workflow.errors_of_shares import SHARE_SENTENCES
from workflow.errors_of_staff import STAFF_SENTENCES
from workflow.errors_of_stock import STOCK_SENTENCES

if TYPE_CHECKING:
    from collections.abc import Mapping

_COMMON: Mapping[str, tuple[str, str]] = {
    "paper.uncovered": (
        "「{where}」中的「{char}」（{code}）沒有字型可以列印，請改用其他字後再列印。",
        "No typeface can print “{char}” ({code}) in {where}. Put another character in its place and print again.",
    ),
    "access.denied": (
        "您的身分（{role}）不能執行「{action}」。",
        "Your role ({role}) may not do '{action}'.",
    ),
    "access.not_your_organisation": (
        "這個案件不屬於貴窗口主管的機構，請洽該機構的主管機關。",
        "This case belongs to another window's organisations.",
    ),
    "case.no_notice": (
        "案件 {number} 尚未寄過通知，無從補寄；目前進度請以電話告知申請人。",
        "The case {number} has sent no notice yet that could be sent again; tell the applicant by telephone how it stands.",
    ),
    "case.filed_already": (
        (
            "這份表單先前已經送出，案件流水號為 {number}；這次送出的內容與當時不同，沒有被採用。"
            "請以該案件查詢或修改；要另外申請，請重新開啟表單。"
        ),
        (
            "This form was sent before, as case {number}; what differs this time was not taken over. Look at that case or"
            " amend it; to ask for something else, open the form anew."
        ),
    ),
    "case.not_found": (
        "查無此案件。請核對 25 位數的案件流水號。",
        "There is no such case. Please check the 25 digits of the case number.",
    ),
    "case.number_or_code_wrong": (
        "案件流水號或用戶代碼不正確。輸入錯誤累計三次，案件將被鎖定。",
        "The case number or the user code is wrong. The third wrong try locks the case.",
    ),
    "case.stale": (
        "您看到的內容已被更新（目前狀態：{state}）。請重新整理後再試，您的輸入沒有被套用。",
        "The case has changed since you opened it (now: {state}). Reload and try again; nothing was applied.",
    ),
    "case.not_now": (
        "案件目前狀態為「{state}」，不能執行「{action}」。",
        "The case is '{state}': '{action}' can't be done now.",
    ),
    "case.four_eyes": (
        "同一人不得重複審核同一案件，也不得審核自己登錄的資料，請由另一位同仁處理。",
        "One person never decides twice on a case, nor on their own entry. A colleague has to do it.",
    ),
    "case.snapshot_changed": (
        "申請資料在您檢視之後有異動，請重新檢視後再決定。",
        "The application changed after you saw it. Please read it again before deciding.",
    ),
    "case.letter_missing": (
        "尚未收到公文，收到公文後才能審核。",
        "The official letter has not arrived; the review starts when it has.",
    ),
    "case.primary_exists": (
        "貴單位已有有效或申請中的正卡（{other}），每一機構限一張正卡；可申請附卡，或於到期前 {days} 日內重新申請。",
        (
            "The organisation already has a primary card or an application for one ({other}). Apply for a secondary"
            " card, or within {days} days before its expiry."
        ),
    ),
    "case.banned": (
        "因先前憑證遭廢止，須至 {until} 以後才能重新申請。",
        "After the earlier revocation a new application is possible from {until}.",
    ),
    "case.not_eligible": (
        "此單位不得申請憑證：{reason}",
        "This unit may not apply for a certificate: {reason}",
    ),
    "case.no_window": (
        "查無貴單位的主管機關（初審註冊窗口），請先洽服務台確認後再申請。",
        "No first-review window is known for this organisation. Please ask the help desk before applying.",
    ),
    "case.oid_missing": (
        "此機構尚未配賦物件識別碼（OID），請先配賦後再核發憑證。",
        "The organisation has no OID yet. Assign one before approving.",
    ),
    "organisation.oid_approved": (
        "案件 {number} 已審核通過、尚未製卡完成，憑證須依核准的內容簽發，請待製卡完成後再變更物件識別碼。",
        "Case {number} is approved and must be issued as approved. Change the OID when its card is made.",
    ),
    "organisation.oid_taken": (
        "物件識別碼 {oid} 已屬於「{name}」。",
        "The OID {oid} belongs to '{name}' already.",
    ),
    "case.kind_not_served": (
        "{ca} 不受理此類申請人（{kind}）。",
        "{ca} does not serve this kind of subscriber ({kind}).",
    ),
    "case.agreement_missing": (
        "請先閱讀並同意用戶約定條款。",
        "Please read and accept the subscriber agreement first.",
    ),
    "case.reason_missing": (
        "請填寫理由，讓申請人知道如何補正。",
        "Please give the reason, so that it can be put right.",
    ),
    "case.certificates_not_alive": (
        "此卡片的憑證已停用或廢止，不能開卡。",
        "The card's certificates are suspended or revoked, so it can't be activated.",
    ),
    "card.wrong_envelope": (
        "卡片與信封不符：信封屬於案件 {expected}，卡片屬於案件 {found}。請重新核對。",
        "Card and envelope don't match: the envelope is for case {expected}, the card for case {found}.",
    ),
    "card.not_found": ("查無此卡號 {number}。", "There is no card with the number {number}."),
    "card.unknown": (
        "這張卡片（晶片序號 {csn}）不是本系統核發的卡片，或已另行製卡。請確認插入的是收到的新卡。",
        "This card (chip {csn}) is not one of ours, or another was made in its place. Insert the card you received.",
    ),
    "card.wrong_card": (
        "讀卡機中的卡片不是本案件的卡片，請插入卡號 {number} 的卡片。",
        "The card in the reader is not this case's card. Insert the card {number}.",
    ),
    "card.none_in_reader": (
        "讀卡機「{reader}」中沒有卡片，請插入卡片後再試。",
        "There is no card in the reader '{reader}'. Insert it and try again.",
    ),
    "card.reader_unknown": ("找不到讀卡機「{reader}」。", "There is no reader called '{reader}'."),
    "card.failed": (
        "卡片沒有正確回應：{detail}。請勿丟棄卡片，重新操作即可。",
        "The card did not answer as it should: {detail}. Keep the card and try again.",
    ),
    "card.not_blank": (
        "讀卡機中的卡片不是庫存空白卡（{csn}），請換卡。",
        "The card in the reader ({csn}) is not a blank from stock. Use another.",
    ),
    "card.begun_already": (
        "本案件已有製作中的卡片（晶片序號 {csn}），請放回該卡片，或將其報廢後重新製卡。",
        "A card of this case is being made already (chip {csn}). Put it back, or spoil it and order anew.",
    ),
    "card.exchanged": (
        "讀卡機中的卡片已換成另一張，請插回原來的卡片後重新操作。",
        "Another card is in the reader now. Put the first one back and start again.",
    ),
    "card.pin_wrong": (
        "PIN 碼不正確，還可嘗試 {left} 次；用完後卡片將鎖住，須辦理鎖卡解碼。",
        "The PIN is wrong. Tries left: {left}; then the card locks and has to be unblocked.",
    ),
    "card.pin_locked": (
        "卡片的 PIN 碼已鎖住，請以用戶代碼辦理「鎖卡解碼／重設PIN碼」。請勿使用卡片廠商的「Unlock PIN」工具。",
        "The card's PIN is locked. Unblock it here with the user code; never use the card vendor's “Unlock PIN”.",
    ),
    "card.session_over": (
        "這次讀卡作業已結束或逾時，請重新操作。",
        "This conversation with the card has ended or expired. Please start again.",
    ),
    "card.session_step": (
        "讀卡作業的步驟不符，可能在另一個視窗進行過，請重新操作。",
        "This step does not fit the conversation; another window may have gone on. Please start again.",
    ),
    "card.no_certificate": (
        "卡片中沒有可用的簽章憑證，請洽服務台。",
        "The card has no usable signature certificate. Call the help desk.",
    ),
    "card.signature_wrong": (
        "卡片的簽章與憑證不符，無法確認身分。請洽服務台。",
        "The card's signature does not fit its certificate, so nobody is identified. Call the help desk.",
    ),
    "card.certificate_not_valid": (
        "卡片的憑證目前不是有效狀態（{status}），不能使用此功能。",
        "The card's certificate is not valid now ({status}), so this can't be done.",
    ),
    "card.not_active": (
        "卡片尚未開卡或已停止使用，不能使用此功能。",
        "The card is not activated, or no longer in use, so this can't be done.",
    ),
    "card.proof_missing": (
        "請先插入卡片並輸入 PIN 碼確認身分；確認後 15 分鐘內有效。",
        "Prove yourself by card and PIN first; it holds for 15 minutes.",
    ),
    "card.number_or_code_wrong": (
        "卡號或用戶代碼不正確。輸入錯誤累計三次，用戶代碼將被鎖定。",
        "The card number or the user code is wrong. The third wrong try locks the user code.",
    ),
    "policy.not_offered": (
        "{ca}不提供線上「{action}」，請洽服務台。",
        "{ca} does not offer '{action}' online. Call the help desk.",
    ),
    "certificate.key_reused": (
        "CSR已被使用、金鑰重複請更換或案件流水號重複（憑證序號 {serial}）。",
        "This public key has a certificate already (serial {serial}).",
    ),
    "certificate.key_compromised": (
        "這把金鑰已知外洩，不得簽發憑證。請重新產生金鑰；卡片金鑰請將該卡報廢後重新製卡。",
        "This key is known to be compromised and gets no certificate. Make a new key; spoil a card that holds it.",
    ),
    "certificate.not_approved": (
        "核准紀錄不完整或簽章驗證不符，不能簽發：{detail}",
        "The approvals are incomplete or don't verify, so nothing is issued: {detail}",
    ),
    "publication.nothing": (
        "此卡片沒有已公布過的憑證；開卡之後才能選擇是否公布。",
        "No certificate of this card has been published; the choice can be made once the card is activated.",
    ),
    "publication.not_by_holder": (
        "{ca}的憑證一律公布於儲存庫，不能由用戶選擇。",
        "Certificates of the {ca} are always published; their holders have no choice.",
    ),
    "repository.version_exists": (
        "儲存庫已有版本 {version} 的同類文件；請使用新的版本號。",
        "The repository has a document of this kind with the version {version}. Give the new one its own version.",
    ),
    "repository.no_document": (
        "儲存庫沒有這份文件，請核對 SHA-256。",
        "The repository has no such document. Please check its SHA-256.",
    ),
    "token.refused": (
        "存取權杖無效：可能不存在、已過期、已撤銷或尚未經第二人確認。",
        "The token is not valid: unknown, expired, revoked, or not yet confirmed by a second person.",
    ),
    "token.missing": (
        "此功能須在 Authorization 標頭附上存取權杖（Bearer）。",
        "This needs a token in the Authorization header (Bearer).",
    ),
    "token.scope": (
        "此存取權杖沒有「{scope}」的權限。",
        "This token does not allow '{scope}'.",
    ),
    "token.name_taken": ("已有名為 {name} 的存取權杖。", "There is a token called {name} already."),
    "token.none": ("沒有名為 {name} 的存取權杖。", "There is no token called {name}."),
    "token.settled": (
        "存取權杖 {name} 已確認或已撤銷，無須再處理。",
        "The token {name} has been confirmed or revoked already.",
    ),
    "search.too_wide": (
        "符合的憑證太多，查詢時間過長，請輸入更完整的名稱。",
        "Too many certificates fit, and the search took too long. Please give more of the name.",
    ),
    "certificate.not_found": (
        "查無憑證序號 {serial}。請核對 32 位十六進位序號。",
        "There is no certificate with the serial {serial}. Please check its 32 hexadecimal digits.",
    ),
    "certificate.revoked_already": (
        "憑證 {serial} 已廢止，不能再次廢止或恢復。",
        "The certificate {serial} is revoked already; that is never undone or repeated.",
    ),
    "certificate.serial_of_several": (
        "不只一張憑證的序號是 {serial}，請以 --ca 或 --authority 指明是哪一個憑證機構所簽發。",
        "More than one certificate has the serial {serial}; say with --ca or --authority which authority signed it.",
    ),
    "certificate.not_issuable": (
        "憑證不符合簽發規定：{detail}",
        "The certificate may not be issued: {detail}",
    ),
    "certificate.altered": (
        "待簽內容與檢核時的內容不符，已停止簽發（憑證序號 {serial}），請通知維運員與稽核員。",
        "What is to be signed is not what was linted, so nothing is signed (serial {serial}). Tell operators and auditors.",
    ),
    "request.kind_not_served": (
        "{ca} 不對此類申請人（{kind}）簽發「{asked}」憑證。",
        "{ca} issues no '{asked}' certificates to this kind of subscriber ({kind}).",
    ),
    "request.organisation_unknown": (
        "查無 OID 為 {oid} 的機關（構），請核對 OID，或先辦理 OID 配賦。",
        "No organisation has the OID {oid}. Check it, or have one assigned first.",
    ),
    "request.profile_unknown": (
        "沒有名為「{name}」的憑證種類。可用的種類：{known}",
        "There is no kind of certificate called '{name}'. There are: {known}",
    ),
    "request.profile_unfit": (
        "「{name}」不適用於「{subject}」的機關（構）類別，請選擇相符的憑證種類。",
        "The kind '{name}' is not for what {subject} is. Choose the one that fits.",
    ),
    "request.size": (
        "一批須有 1 至 {most} 份憑證請求檔（CSR），每份不超過 {bytes} 位元組。",
        "A batch has 1 to {most} certificate signing requests of at most {bytes} bytes each.",
    ),
    "request.not_examined": (
        "本批尚未完成檢查，請稍候或重新檢查後再核准。",
        "The batch has not been examined yet. Wait, or examine it, before approving.",
    ),
    "request.nothing_sound": (
        "本批沒有可簽發的項目，請修正後重新送件，或不予核發。",
        "No item of the batch can be issued. Amend it, or refuse it.",
    ),
    "request.not_done": (
        "本批尚有項目未處理，或結果不同。",
        "Some items of the batch are not done yet, or came out otherwise.",
    ),
    "request.nothing_to_accept": (
        "此案的憑證均已廢止，無法接受；請改選「不接受憑證」結案，如仍需要請重新申請。",
        "Every certificate of this case is revoked, so none can be accepted. Decline them, and apply again if needed.",
    ),
    "letter.duplicate": (
        "此公文已登錄：{sender} {number}（收文號 {ours}）。",
        "This letter is logged already: {sender} {number} (our number {ours}).",
    ),
    "letter.not_found": ("查無此公文。", "There is no such letter."),
    "letter.counts_differ": (
        (
            "公文所載張數與案件不符：公文正卡 {said_primary} 張、附卡 {said_secondary} 張；案件正卡 {primary} 張、附卡 {secondary} 張。"
            "請核對；如確認無誤，請填寫張數不符的原因。"
        ),
        (
            "The letter and the cases differ: the letter says {said_primary} primary and {said_secondary} secondary,"
            " the cases are {primary} and {secondary}. Check, or confirm the difference with a reason."
        ),
    ),
    "letter.unreadable": ("公文無法讀取：{detail}", "The letter can't be read: {detail}"),
    "letter.no_cases": ("請至少選擇一個案件。", "Please choose at least one case."),
    "mail.number_wrong": (
        "掛號號碼應為 14 或 20 位數字：{number}",
        "A registered-mail number has 14 or 20 digits: {number}",
    ),
    "mail.kinds_mixed": (
        "同一份清單不得混用不同的掛號種類（{kinds}），請分開交寄。",
        "One list can't mix kinds of registered mail ({kinds}). Post them separately.",
    ),
    "mail.number_used": ("掛號號碼 {number} 已使用過。", "The mail number {number} has been used already."),
    "decision.password_wrong": (
        "簽署密碼不正確，審核決定未送出。",
        "The signing password is wrong; the decision was not recorded.",
    ),
    "audit.sealing_behind": (
        "稽核紀錄封存落後，為保護資料已暫停簽發（AUD-04），請通知維運員。",
        "Sealing of the audit log lags, so issuing has stopped (AUD-04). Tell the operators.",
    ),
    "sweep.breaker_open": (
        "一次到期處理的卡片與無卡憑證（{count}）超過上限 {limit}，已暫停，須由人員確認後才會繼續。",
        "A sweep would act on {count} cards and certificates without a card, more than the limit {limit}; it waits for a person to confirm.",
    ),
    "input.invalid": (
        "輸入資料有誤，請依各欄位的說明修正。",
        "Some fields need correcting; see beside each.",
    ),
    "authority.key_unavailable": (
        "{authority} 的簽章金鑰目前無法使用（{detail}），簽發與清冊暫停，系統將自動重試；請維運員檢查金鑰載具及其 PIN 設定。",
        (
            "The key of {authority} can't be used now ({detail}). Issuing and lists wait and are tried again; operators"
            " should check the token and the setting of its PIN."
        ),
    ),
    "crl.refused": (
        "{authority} 的新憑證廢止清冊未通過檢查（{code}），未公布；原清冊繼續有效，系統將自動重試。請維運員查明原因。",
        (
            "The new list of {authority} failed its check ({code}) and was not published; the one before stays in"
            " force, and another try follows. Operators should find out why."
        ),
    ),
    "crl.unknown_authority": (
        "沒有名為「{authority}」的憑證機構，請核對名稱。",
        "There is no authority called '{authority}'. Please check the name.",
    ),
}
SENTENCES: Mapping[str, tuple[str, str]] = {
    **_COMMON,
    **OUTAGE_SENTENCES,
    **CARD_SENTENCES,
    **KEY_SENTENCES,
    **HOLDER_SENTENCES,
    **SHARE_SENTENCES,
    **LINE_SENTENCES,
    **STAFF_SENTENCES,
    **STOCK_SENTENCES,
}


@dataclass(frozen=True)
class Words:
    """A fact of a refusal that reads differently in each language."""

    zh: str
    en: str


@dataclass(frozen=True)
class FieldProblem:
    """What is wrong with one field, and what would be right, in both languages."""

    field: str
    code: str
    zh: str
    en: str


class RegistryError(Exception):
    """A refusal with a code and the facts that fill its sentences."""

    def __init__(self, code: str, /, **facts: object) -> None:
        self.code = code
        self.facts = facts
        super().__init__(code)

    @property
    def zh(self) -> str:
        """The sentence in zh-TW."""
        return SENTENCES[self.code][0].format(
            **{name: getattr(fact, "zh", fact) for name, fact in self.facts.items()}
        )

    @property
    def en(self) -> str:
        """The sentence in English."""
        return SENTENCES[self.code][1].format(
            **{name: getattr(fact, "en", fact) for name, fact in self.facts.items()}
        )

    def __str__(self) -> str:
        return f"{self.code}: {self.en}"


class NotAllowed(RegistryError):  # noqa: N818 - a refusal, not an error.
    """The actor may not do this, whatever the state of the case."""


class NotProven(RegistryError):  # noqa: N818 - a refusal, not an error.
    """Whoever asks has not proven who they are; another proof may do."""


class NotFound(RegistryError):  # noqa: N818 - a refusal, not an error.
    """What the command speaks of does not exist, or must not be known to the actor."""


class Refused(RegistryError):  # noqa: N818 - a refusal, not an error.
    """A guard refused, or the state has no such way out."""


class Stale(RegistryError):  # noqa: N818 - a refusal, not an error.
    """The case changed after the actor saw it."""


class WrongUserCode(RegistryError):  # noqa: N818 - a refusal, not an error.
    """The user code was wrong; the try has been counted (PIN-03)."""


class UserCodeLocked(RegistryError):  # noqa: N818 - a refusal, not an error.
    """Three wrong codes have locked the case (PIN-03)."""


class Unavailable(RegistryError):  # noqa: N818 - a refusal, not an error.
    """The registry can't do this now, through no fault of the actor."""


class BadInput(RegistryError):  # noqa: N818 - a refusal, not an error.
    """Fields that need correcting; carries one problem a field."""

    def __init__(self, *problems: FieldProblem) -> None:
        super().__init__("input.invalid")
        self.problems = problems
