"""Official letters (公文) in the DI exchange format, version 104: reading, writing, and what to look for in them.

`open_upload` and `read` turn the files of a letter into an `IncomingLetter` or raise a coded `LetterError`;
`write` turns an `OutgoingLetter` into files. `forms.letters.findings` finds case numbers and counts of cards,
`forms.letters.models` holds the model letters of applicants and first-review windows.
The letter clerk's screens and the workflow's performers call this package. It touches no disk but the packaged DTDs,
never the network, and believes nothing of what it reads: not the names, not the sizes, not the types.
"""

from forms.letters.errors import LetterError
from forms.letters.letter import IncomingLetter, OutgoingLetter
from forms.letters.reading import open_upload, read, read_zip
from forms.letters.writing import write

__all__ = ["IncomingLetter", "LetterError", "OutgoingLetter", "open_upload", "read", "read_zip", "write"]
