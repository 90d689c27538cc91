"""Paper and fields: read what people write, or say in plain words why it cannot be read.

Here live the declared fields of every form, the checks of Taiwanese identifiers, ROC dates and
postal codes, the official letters (公文, DI format) that come in and go out, and the printed sheets.
Screens, case work and performers may call this room; it knows no case, database, key or card.
It never decides a case, never asks the clock or the network, and never keeps a user code: what was typed
is handed back unchanged next to what was understood, and each refusal is a coded sentence in zh-TW and English.
"""
