"""Around every command: whatever goes wrong is one line on standard error and an exit status, never a traceback."""

import errno
import os
import platform
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable

from agnbook import extras
from agnbook.ask import terminal
from agnbook.errors import BookError

#: Where the unexpected is to be told.
REPORT = "https://github.com/agnbook/agnbook/issues"
#: Exit statuses: success; a problem that the message names; rows, objects or names without an answer beside others with one;
#: an interrupt (128 and the signal's number).
DONE, PROBLEM, PARTLY, INTERRUPTED = 0, 2, 3, 130
#: What the operating system says when a process may have no more files, processes or memory.
_NO_MORE = (errno.EMFILE, errno.ENFILE, errno.EAGAIN, errno.ENOMEM)


class Stopped(BaseException):
    """A signal asks the process to end; not an `Exception`, so that no code takes it for an error of its own."""


def obey_signals() -> None:
    """Let termination and a closed terminal unwind the process, so that nothing half written stays."""

    def stop(number, frame):
        signal.signal(number, signal.SIG_IGN)
        raise Stopped(number)

    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) == signal.SIG_DFL:
            signal.signal(getattr(signal, name), stop)


def hold_streams() -> None:
    """Let no file take the place of a standard stream that was closed: what is written there would go into the file.

    Messages without a place to go are dropped; results are not, see `terminal.show`.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number: this one
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")


def leave_in_peace() -> None:
    """Let nothing interrupt the process any more: what is left is its own end."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def _quietly_closed() -> None:
    """Give standard output a place where what is left in its buffer cannot fail again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _written(error: BaseException) -> str:
    """Write what a report needs to a file of its own; return its path, or "" where none can be written."""
    text = "".join(traceback.format_exception(error))
    try:
        with tempfile.NamedTemporaryFile("w", prefix="agnbook-error-", suffix=".txt", delete=False, encoding="utf-8") as file:
            file.write(f"{' '.join(sys.argv)}\nPython {platform.python_version()}, {platform.platform()}\n{text}")
        return file.name
    except OSError:
        return ""


def explain(error: BaseException) -> str:
    """Return one line that says what happened and what to do."""
    if isinstance(error, MemoryError):
        return "There is not enough memory for this. Give a smaller table, or take `agnbook bulk` on parts of it."
    if isinstance(error, OSError) and error.errno in _NO_MORE:
        return f"The operating system gives no more ({error.strerror}). Take fewer workers, or raise its limit (see `ulimit -a`)."
    what = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    path = _written(error)
    details = f" with the file {path}, which has the details" if path else ""
    return f"This should not have happened ({what}). Please report it at {REPORT}{details}."


def run(command: Callable[[], int]) -> int:
    """Run a command and return its exit status; see the module."""
    try:
        status = command()
        if sys.stdout is not None:
            sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has seen enough
        _quietly_closed()
        return DONE
    except KeyboardInterrupt:
        terminal.say("interrupted")
        return INTERRUPTED
    except Stopped as stopped:
        terminal.say("stopped")
        return 128 + stopped.args[0]
    except BookError as error:
        terminal.say(str(error))
    except ModuleNotFoundError as error:
        terminal.say(str(extras.missing(error.name or "") or explain(error)))
    except UnicodeEncodeError as error:
        terminal.say(f"The output's encoding, {error.encoding}, has no {error.object[error.start]!r}. Write to a file with -o.")
    except OSError as error:
        if error.filename is None and error.errno is not None and error.errno not in _NO_MORE:
            _quietly_closed()
            terminal.say(f"cannot write the output: {error.strerror}")
        else:
            terminal.say(explain(error))
    except Exception as error:
        terminal.say(explain(error))
    return PROBLEM
