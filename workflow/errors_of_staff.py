"""What is said of the registration authority, of staff cards, and of logging in and signing with one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

STAFF_SENTENCES: Mapping[str, tuple[str, str]] = {
    "certificate.not_requested": (
        "註冊中心的簽發請求驗證不符，不能簽發：{detail}",
        "The registration authority's request doesn't verify, so nothing is issued: {detail}",
    ),
    "registration.revoked": (
        "{ca}註冊中心的憑證（序號 {serial}）已停用或廢止，不能請求簽發；請由管理員以 guanfang ca registration 換發。",
        (
            "The certificate of the {ca}'s registration authority (serial {serial}) is suspended or revoked. An"
            " administrator makes another with `guanfang ca registration`."
        ),
    ),
}
