"""The files that a command writes: checked before the work, held against a second run, never its own input."""

import getpass
import hashlib
import os
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path

from agnbook.ask import tables
from agnbook.errors import BookError, FeatureError


def _same(first: Path, second: Path) -> bool:
    """Whether two paths lead to one file, by whatever links."""
    if os.path.realpath(first) == os.path.realpath(second):
        return True
    return first.exists() and second.exists() and first.samefile(second)


def check(outputs, inputs=(), overwrite: bool = False) -> None:
    """Raise a `FeatureError` for outputs that cannot be written, or would replace an input or each other.

    Parameters
    ----------
    outputs, inputs : paths; ``"-"`` is a pipe. A folder among the inputs stands for all files in it.
    overwrite : whether files that exist may be replaced.
    """
    for paths, what in ((outputs, "outputs go to standard output"), (inputs, "inputs are standard input")):
        if sum(str(path) == tables.PIPE for path in paths) > 1:
            raise FeatureError(f"Two {what}, which holds one table; name a file for the other.")
    files = [Path(path) for path in outputs if str(path) != tables.PIPE]
    given = [Path(path) for path in inputs if str(path) != tables.PIPE and "://" not in str(path)]
    for path in (*files, *given):
        tables.check_path(path)
    for number, path in enumerate(files):
        for other in files[:number]:
            if _same(path, other):
                raise FeatureError(f"{other} and {path} are one file; the outputs must name different files.")
        for source in given:
            inside = source.is_dir() and path.exists() and Path(os.path.realpath(path)).is_relative_to(os.path.realpath(source))
            if _same(path, source) or inside:
                raise FeatureError(
                    f"{path} is {'in the input' if inside else 'the input itself'}; choose another name for the output."
                )
        tables.check_writable(path, overwrite)


def _lock_file(path: Path) -> Path:
    """Where a file is held: in the folder for temporary files, so that nothing is left beside the output."""
    digest = hashlib.sha256(os.fsencode(os.path.realpath(path))).hexdigest()[:24]
    return Path(tempfile.gettempdir()) / f"agnbook-{getpass.getuser()}-{digest}.lock"


@contextmanager
def reserved(outputs, inputs=(), overwrite: bool = False):
    """`check` outputs and hold them while the block runs: a second run on one of them is refused at once.

    Raises
    ------
    BookError
        See `check`; and where another run on this machine is about to write one of the files.
    """
    import filelock

    check(outputs, inputs, overwrite)
    with ExitStack() as held:
        for path in outputs:
            if str(path) == tables.PIPE:
                continue
            try:
                held.enter_context(filelock.FileLock(_lock_file(path), timeout=0))
            except filelock.Timeout as error:
                raise BookError(f"Another run is about to write {path}. Wait for it, or choose another name.") from error
            except (OSError, NotImplementedError, KeyError):
                pass  # nowhere to hold it: writing itself still refuses a name that is taken
        check(outputs, inputs, overwrite)  # what another run has finished meanwhile
        yield
