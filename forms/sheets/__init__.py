"""Paper: each sheet takes a frozen dataclass of plain values and `KaiFonts`, and returns the bytes of a PDF.

Lives here: application forms, user-code letters and reset forms, official letters, registered-mail lists and
address labels. Called by the performers of the paper lane and by previews on screens. A sheet never reads a
clock, a database or a setting, never clips a value, and never prints a character that no font covers: it
refuses first. The same values give the same bytes. The user code stands on its own letter and nowhere else.
"""

from forms.sheets.address_labels import AddressLabel, LabelSheet, address_labels
from forms.sheets.application import ApplicationForm, Section, application_form
from forms.sheets.mail_list import MailItem, MailList, mail_list
from forms.sheets.official_letter import LetterItem, LetterSection, OfficialLetter, official_letter
from forms.sheets.page import TextTooLong
from forms.sheets.seals import SealBox
from forms.sheets.table import Field
from forms.sheets.usercode_letter import UserCodeLetter, usercode_letter
from forms.sheets.usercode_reset import UserCodeReset, usercode_reset

__all__ = [
    "AddressLabel",
    "ApplicationForm",
    "Field",
    "LabelSheet",
    "LetterItem",
    "LetterSection",
    "MailItem",
    "MailList",
    "OfficialLetter",
    "SealBox",
    "Section",
    "TextTooLong",
    "UserCodeLetter",
    "UserCodeReset",
    "address_labels",
    "application_form",
    "mail_list",
    "official_letter",
    "usercode_letter",
    "usercode_reset",
]
