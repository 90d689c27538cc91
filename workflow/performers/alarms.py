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
    if not office.settings.alarm_email:
        return
    watch, count = Watch(str(work.payload["watch"])), int(work.payload["count"])
    lines = [str(line) for line in work.payload["lines"]]
    more = [f"另有 {count - len(lines)} 項，請見維運畫面。 More on the page."] if count > len(lines) else []
    text = "\n".join(
        [
            f"{watch.zh}發現 {count} 項異常，請儘速處理；未處理前每日提醒一次。",
            f"{watch.en}: {count} findings. Until they are mended you are told once a day.",
            "",
            *lines,
            *more,
            "",
            f"{office.settings.base_url}/operator/",
        ]
    )
    subject = f"[關防警報] {watch.zh}：{count} 項異常"
    office.mailer.send(Mail(office.settings.alarm_email, subject, text, (), f"<alarm-{work.id}@guanfang>"))
