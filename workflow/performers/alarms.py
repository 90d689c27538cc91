"""Write to the operators what a watch found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workflow.ports import Mail
from workflow.vocabulary import Watch

if TYPE_CHECKING:
    from workflow.office import Office
    from workflow.store.outbox import Work


def send_alarm(office: Office, work: Work) -> None:
    """Send the mail, at least once under a stable message id; nobody is written to when the address was taken away."""
    watch, count = Watch(str(work.payload["watch"])), int(work.payload["count"])
    days = int(work.payload.get("standing_days", 0))
    to = office.settings.escalation_email if days else office.settings.alarm_email
    if not to:
        return
    lines = [str(line) for line in work.payload["lines"]]
    more = [f"另有 {count - len(lines)} 項，請見維運畫面。 More on the page."] if count > len(lines) else []
    said = _of_standing(watch, count, days, office.settings.alarm_email) if days else _of_found(watch, count)
    text = "\n".join([*said, "", *lines, *more, "", f"{office.settings.base_url}/operator/"])
    stands = f"逾 {days} 日未處理" if days else "異常"
    subject = f"[關防警報] {watch.zh}：{count} 項{stands}"
    office.mailer.send(Mail(to, subject, text, (), f"<alarm-{work.id}@guanfang>"))


def _of_found(watch: Watch, count: int) -> tuple[str, str]:
    return (
        f"{watch.zh}發現 {count} 項異常，請儘速處理；未處理前每日提醒一次。",
        f"{watch.en}: {count} findings. Until they are mended you are told once a day.",
    )


def _of_standing(watch: Watch, count: int, days: int, alarm_email: str) -> tuple[str, str]:
    """Say what stands, and whom alarms reach: the first address may be empty."""
    zh_told = f"警報雖寄往 {alarm_email}" if alarm_email else "且未設定警報信箱，警報無人收受"
    en_told = (
        f"though alarms go to {alarm_email}"
        if alarm_email
        else "and alarms reach nobody, as no address is set"
    )
    return (
        f"{watch.zh}發現的 {count} 項異常已逾 {days} 日未處理，{zh_told}；請查明原因並督導處理。",
        f"{watch.en}: {count} findings stand for {days} days or more, {en_told}. Find out why.",
    )
