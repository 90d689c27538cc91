"""What can be wrong with fonts and with text that is to be printed."""

from pathlib import Path


class UncoveredCharacter(ValueError):  # noqa: N818 - a refusal is named by what was refused
    """A character that no installed font can draw; nothing of the document has been drawn.

    `where` names the value that holds it, so that a screen can point at the field.
    """

    def __init__(self, char: str, where: str) -> None:
        self.char = char
        self.codepoint = ord(char)
        self.where = where
        super().__init__(f"no font covers U+{self.codepoint:04X} in {where}")

    def __reduce__(self) -> tuple[type["UncoveredCharacter"], tuple[str, str]]:
        """Survive the way from a worker process to its parent."""
        return (UncoveredCharacter, (self.char, self.where))


class FontsMissing(LookupError):  # noqa: N818 - a refusal is named by what was refused
    """The basic font file was found in none of the searched directories."""

    def __init__(self, searched: tuple[Path, ...]) -> None:
        self.searched = searched
        places = ", ".join(str(place) for place in searched)
        super().__init__(f"TW-Kai was not found in {places}; on Debian install fonts-cns11643-kai")


class FontUnusable(ValueError):  # noqa: N818 - a refusal is named by what was refused
    """A font file that is damaged, or made in a way that cannot be embedded."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(f"{path}: {reason}")
