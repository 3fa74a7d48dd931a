"""Which options of a command mean something beside which others: one that would be ignored is refused by name."""

from dataclasses import dataclass

from agnbook.errors import BookError


@dataclass(frozen=True)
class Beside:
    """An option counts where another has one of some values; where no values are named, where the other is given."""

    other: str
    values: tuple[str, ...] = ()

    def broken(self, options, flag: str) -> str:
        """Say why an option means nothing here, "" where it does; an unknown value is left to its own message."""
        value = getattr(options, self.other)
        if self.values:
            if value in self.values or value not in CHOICES[options.command, self.other]:
                return ""
            meant = f"{_flag(self.other)} {' or '.join(self.values)}"
            return f"{flag} means nothing for {_flag(self.other)} {value}, but for {meant}: take that, or leave {flag} out."
        return "" if is_given(value) else f"{flag} means nothing without {_flag(self.other)}: give that too, or leave {flag} out."


@dataclass(frozen=True)
class NotBeside:
    """An option counts where another is not given."""

    other: str

    def broken(self, options, flag: str) -> str:
        """Say why an option means nothing here, "" where it does."""
        given = is_given(getattr(options, self.other))
        return f"{flag} means nothing beside {_flag(self.other)}: leave one of them out." if given else ""


def is_given(value) -> bool:
    """Whether the value of an option says that somebody gave it: none of those in `SCOPES` has another default."""
    return not (value is None or value is False or value == [])


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _always(*names: str) -> dict[str, tuple]:
    return dict.fromkeys(names, ())


def _reading(curves: tuple, measured: tuple, simulated: tuple) -> dict[str, tuple]:
    """Options that say how light curves are read, by what they need: any light curves, measured ones, the simulator."""
    return (
        dict.fromkeys(("survey", "unit", "time_unit", "column", "object", "band", "visits"), curves)
        | dict.fromkeys(("wavelength", "redshift", "absolute_magnitude", "extinction"), measured)
        | dict.fromkeys(("setting", "tolerance"), simulated)
    )


#: Arguments that are known by their place.
POSITIONAL = ("table", "names", "input", "output")
#: Command, option -> the values that it knows, of options on which others depend.
CHOICES = {
    ("lightcurve", "model"): ("quasar", "simulator"),
    ("bulk", "model"): ("blazars", "six", "redshift", "lightcurve", "simulator"),
    ("score", "exam"): ("agn-galactic", "agn-pulsar", "six-groups", "bll-fsrq", "redshift"),
}
_QUASAR, _SIMULATOR = Beside("model", ("quasar",)), Beside("model", ("simulator",))
_CLASSES = Beside("exam", CHOICES["score", "exam"][:-1])
#: Command -> option -> what it needs to mean something. Every option stands here; those that only allow something, such as
#: ``overwrite``, always count.
SCOPES = {
    "catalogs": _always("csv"),
    "lookup": _always("names", "at", "json", "csv") | {"radius": (Beside("at"),)},
    "classify": _always("table", "output", "strict", "overwrite", "column", "fetch", "groups"),
    "redshift": _always("table", "output", "strict", "overwrite", "column", "fetch"),
    "lightcurve": _always("table", "output", "strict", "overwrite", "fetch", "model", "reconstruction")
    | _reading((), (_QUASAR,), (_SIMULATOR,))
    | {
        "objects": (_QUASAR,), "per_band": (_QUASAR,), "plot": (_QUASAR,), "exact": (_SIMULATOR,),
        "step": (Beside("reconstruction"), NotBeside("times")), "times": (Beside("reconstruction"),),
        "workers": (NotBeside("plot"),),
    },
    "bulk": _always("input", "output", "strict", "model", "scheduler")
    | _reading((Beside("model", ("lightcurve", "simulator")),), (Beside("model", ("lightcurve",)),), (_SIMULATOR,))
    | {"workers": (NotBeside("scheduler"),)},
    "score": _always("table", "exam", "older", "newer", "column", "strict", "csv", "fetch")
    | {"normalise": (_CLASSES,), "weight": (_CLASSES,)},
}  # fmt: skip


def refuse_empty(options) -> None:
    """Raise a `BookError` for an option that is given as an empty text, which as a path would be the folder one is in."""
    for name, value in vars(options).items():
        if value == "" or (isinstance(value, list) and "" in value):
            what = _flag(name) if name not in POSITIONAL else name.upper()
            raise BookError(f"{what} is empty. Give it, or leave it out; is a variable of the shell not set?")


def check(options) -> None:
    """Raise a `BookError` for the first option that is given and would be ignored; `options` are those of a command."""
    for name, needs in SCOPES[options.command].items():
        if needs and is_given(getattr(options, name)):
            for need in needs:
                if reason := need.broken(options, _flag(name)):
                    raise BookError(reason)
