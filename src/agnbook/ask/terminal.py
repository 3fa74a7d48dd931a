"""What a terminal shows: nothing that comes from data reaches it raw."""

import sys
import unicodedata

from agnbook.errors import BookError

#: Characters of a column's name that a message shows.
_LONGEST = 60


def harmless(text: str) -> str:
    """Return a text without what a terminal would obey: control and direction characters become question marks."""
    return "".join(
        "?" if unicodedata.category(letter) in ("Cc", "Cf", "Cs") and letter not in "\n\t" else letter for letter in text
    )


def one_line(text) -> str:
    """Return a text of somebody's table so that it cannot begin a line of its own."""
    return "".join("?" if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter for letter in str(text))


def listed(names, most: int = 12) -> str:
    """Return the names of somebody's columns for a message: the first ones, each of a length that can be read, on one line."""
    names = list(names)
    shown = [name if len(name) <= _LONGEST else f"{name[:_LONGEST]}..." for name in map(one_line, names[:most])]
    return ", ".join([*shown, *([f"and {len(names) - most} more"] if len(names) > most else [])])


def say(text: str) -> None:
    """Print a message of the command on standard error; whatever it quotes is `harmless`."""
    print(
        "agnbook: " + harmless(text).encode(sys.stderr.encoding or "utf-8", "replace").decode(sys.stderr.encoding or "utf-8"),
        file=sys.stderr,
    )


def show(text: str, end: str = "\n") -> None:
    """Print a result on standard output, `harmless` where that is a terminal; a `BookError` where there is none."""
    if sys.stdout is None:
        raise BookError("Standard output is closed. Open it, or write to a file with -o.")
    sys.stdout.write((harmless(text) if sys.stdout.isatty() else text) + end)
