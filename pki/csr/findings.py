"""What the gate says of a request: coded sentences in Chinese and English that tell the sender what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

_LONGEST_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class Finding:
    """A refusal or a remark; `place` names the domain, attribute or field it is about, or is empty."""

    code: str
    zh: str
    en: str
    place: str = ""


class Verdict(Enum):
    """Every finding of this room: code and the sentences, in which {place} stands for what it is about."""

    EMPTY = ("csr.empty", "檔案是空的，請上傳 CSR 檔案。", "The file is empty; upload the CSR file.")
    TOO_LARGE = (
        "csr.too_large",
        "檔案超過 64 KB，不像是 CSR；請確認選對檔案。",
        "The file is larger than 64 KB and so hardly a CSR; check that you chose the right one.",
    )
    PRIVATE_KEY = (
        "csr.private_key",
        "檔案含有私密金鑰！私密金鑰不可交給任何人，這把金鑰請停止使用，重新產生金鑰與 CSR 後只上傳 CSR。",
        (
            "The file holds a private key! Give it to nobody: stop using this key, make a new key and CSR, and upload "
            "the CSR alone."
        ),
    )
    CERTIFICATE = (
        "csr.certificate",
        "這是憑證而不是 CSR，請上傳憑證請求檔。",
        "This is a certificate, not a CSR; upload the certification request.",
    )
    SEVERAL = (
        "csr.several",
        "檔案含有多個 CSR，請每次上傳一個。",
        "The file holds several CSRs; upload one at a time.",
    )
    UNREADABLE = (
        "csr.unreadable",
        "檔案不是完整的 PKCS#10 憑證請求；請上傳 PEM（含 BEGIN 與 END 行）或 DER 格式的 CSR。",
        "The file is no complete PKCS#10 request; upload a CSR in PEM (with its BEGIN and END lines) or DER.",
    )
    VERSION = (
        "csr.version",
        "CSR 版本不是 1（代碼 0），請用一般的 CSR 工具重新產生。",
        "The CSR is not of version 1 (code 0); make it again with a common CSR tool.",
    )
    WEAK_HASH = (
        "csr.weak_hash",
        "CSR 以 MD5 或 SHA-1 簽章，已不安全；請改用 SHA-256 重新產生。",
        "The CSR is signed with MD5 or SHA-1, which is no longer safe; make it again with SHA-256.",
    )
    SIGNATURE_ALGORITHM = (
        "csr.signature_algorithm",
        "CSR 的簽章演算法不支援；請改用 sha256WithRSAEncryption 或 ecdsa-with-SHA256。",
        "The signature algorithm of the CSR is not supported; use sha256WithRSAEncryption or ecdsa-with-SHA256.",
    )
    POSSESSION = (
        "csr.possession",
        "CSR 的簽章與公鑰不符，無法證明持有私密金鑰；請以同一把金鑰重新產生 CSR。",
        "The signature of the CSR does not match its key and proves no possession; make the CSR again with that key.",
    )
    NOT_BY_REQUEST = (
        "csr.not_by_request",
        "這種憑證的金鑰在卡片或手機內產生，不接受 CSR。",
        "Keys of this kind of certificate are made in the card or phone; it takes no CSR.",
    )
    NAME_UNREADABLE = (
        "csr.name_unreadable",
        "CSR 的主體名稱無法解讀，請以 UTF-8 重新產生 CSR。",
        "The subject of the CSR cannot be read; make the CSR again in UTF-8.",
    )
    NAME_VALUE = (
        "csr.name_value",
        "主體名稱的 {place} 太長、空白或含有不允許的字元，請修正後重新產生 CSR。",
        (
            "{place} of the subject is too long, blank or has characters that are not allowed; correct it and make the CSR "
            "again."
        ),
    )
    NAME_COUNTRY = (
        "csr.name_country",
        "主體名稱的國家代碼 C 須為 TW。",
        "The country C of the subject has to be TW.",
    )
    EXTENSIONS = (
        "csr.extensions",
        "CSR 要求的擴充欄位無法解讀，無法得知網域名稱；請重新產生 CSR。",
        "The extensions that the CSR asks for cannot be read, so its domains are unknown; make the CSR again.",
    )
    DOMAIN_MISSING = (
        "csr.domain_missing",
        "CSR 沒有網域名稱；請將網域填入 CN 或主體別名 (SAN)。",
        "The CSR has no domain; put it into the CN or the subject alternative name.",
    )
    DOMAIN_COUNT = (
        "csr.domain_count",
        "網域名稱共 {place} 個，超過這種憑證可容納的數量；請減少，或改申請多網域憑證。",
        (
            "There are {place} domains, more than this kind of certificate holds; leave some out or apply for several "
            "domains."
        ),
    )
    COMMON_NAME_LENGTH = (
        "csr.common_name_length",
        "網域 {place} 超過 64 個字元，憑證的 CN 放不下；請改用較短的網域，或申請多網域憑證並加列一個 64 個字元以內的網域。",
        (
            "The domain {place} has more than 64 characters, for which the CN has no room; use a shorter one, or apply for "
            "several domains with one of at most 64 characters among them."
        ),
    )
    EMAIL = (
        "csr.email",
        "電子郵件 {place} 無法寫入憑證；請改為一個以英數字書寫的地址，例如 name@example.gov.tw。",
        "The e-mail {place} cannot stand in a certificate; give one plain address such as name@example.gov.tw.",
    )
    DOMAIN_NOT_APPLIED = (
        "csr.domain_not_applied",
        "網域 {place} 不在申請書內；請修改申請書，或重新產生不含該網域的 CSR。",
        "The domain {place} is not in the application; amend it, or make a CSR without that domain.",
    )
    WILDCARD = (
        "csr.wildcard",
        "{place} 是萬用網域，不予簽發；請逐一列出主機名稱。",
        "{place} is a wildcard, for which none are issued; list the host names one by one.",
    )
    ADDRESS = (
        "csr.ip_address",
        "{place} 是 IP 位址，不予簽發；請改用網域名稱。",
        "{place} is an IP address, for which none are issued; use a domain name.",
    )
    NOT_A_DOMAIN = (
        "csr.domain_url",
        "{place} 不是單純的網域名稱；請去除 http://、路徑、連接埠或電子郵件。",
        "{place} is not a plain domain; leave out http://, path, port or e-mail.",
    )
    UNDERSCORE = (
        "csr.domain_underscore",
        "{place} 含有底線，網域名稱不可有底線；請改用連字號。",
        "{place} has an underscore, which no domain may have; use a hyphen.",
    )
    TRAILING_DOT = (
        "csr.domain_trailing_dot",
        "{place} 以點結尾；請去除最後的點。",
        "{place} ends with a dot; leave the last dot out.",
    )
    DOMAIN_LENGTH = (
        "csr.domain_length",
        "{place} 太長：網域最多 253 個字元，每段最多 63 個。",
        "{place} is too long: a domain has at most 253 characters and 63 between dots.",
    )
    CHARACTERS = (
        "csr.domain_characters",
        "{place} 不是合法的網域名稱；每段只能有英文字母、數字與連字號，且不以連字號開頭或結尾。",
        "{place} is no valid domain; its parts hold letters, digits and hyphens and neither begin nor end with one.",
    )
    INTERNATIONAL = (
        "csr.domain_idna",
        "{place} 不是合法的國際化網域名稱；請改用註冊時的 xn-- 形式。",
        "{place} is no valid internationalised domain; use the xn-- form it was registered under.",
    )
    INTERNAL = (
        "csr.domain_internal",
        "{place} 是內部或保留名稱，網際網路上無此網域；請使用註冊的網域名稱。",
        "{place} is an internal or reserved name that the internet does not know; use a registered domain.",
    )
    PUBLIC_SUFFIX = (
        "csr.domain_public_suffix",
        "{place} 是公用網域尾碼，不屬於任何機關；請填完整的網域名稱。",
        "{place} is a public suffix that belongs to no one agency; give the full domain.",
    )

    # Remarks: the request is taken, but not all of it.
    DOMAIN_REPEATED = (
        "csr.remark.domain_repeated",
        "網域 {place} 重複，憑證只列一次。",
        "The domain {place} stands twice; the certificate names it once.",
    )
    CONVERTED = (
        "csr.remark.domain_converted",
        "國際化網域已轉換為 {place}。",
        "The internationalised domain was converted to {place}.",
    )
    CHALLENGE = (
        "csr.remark.challenge_password",
        "CSR 內的 challengePassword 不使用，也不保存；如為您使用中的密碼請更換。",
        "The challengePassword in the CSR is neither used nor kept; if you use that password elsewhere, change it.",
    )
    ATTRIBUTE_IGNORED = (
        "csr.remark.attribute_ignored",
        "CSR 的屬性 {place} 不使用。",
        "The attribute {place} of the CSR is not used.",
    )
    EXTENSION_IGNORED = (
        "csr.remark.extension_ignored",
        "CSR 要求的擴充欄位 {place} 不使用，憑證內容依憑證種類決定。",
        "The extension {place} that the CSR asks for is not used; the kind of certificate decides.",
    )
    CA_IGNORED = (
        "csr.remark.ca_ignored",
        "CSR 要求成為憑證機構 (CA:TRUE)，不予採用。",
        "The CSR asks to become a certification authority (CA:TRUE), which is ignored.",
    )
    NAME_IGNORED = (
        "csr.remark.name_ignored",
        "主體名稱的 {place} 不寫入憑證。",
        "{place} of the subject is not written into the certificate.",
    )
    ALTERNATIVE_IGNORED = (
        "csr.remark.alternative_ignored",
        "主體別名中的 {place} 不寫入憑證。",
        "The alternative name {place} is not written into the certificate.",
    )

    def __init__(self, code: str, zh: str, en: str) -> None:
        self.code = code
        self.zh = zh
        self.en = en

    def at(self, place: str = "") -> Finding:
        """Return the finding about a place; what came out of a request is shown without control characters and cut short."""
        shown = "".join(character if character.isprintable() else "�" for character in place)
        if len(shown) > _LONGEST_SHOWN:
            shown = shown[:_LONGEST_SHOWN] + "…"
        return Finding(self.code, self.zh.replace("{place}", shown), self.en.replace("{place}", shown), shown)
