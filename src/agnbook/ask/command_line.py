"""The command ``agnbook``: the book's models on one source, on a table or on many, and what they are worth.

Thin: each function calls the package, prints a table and says on standard error what came of it. Options are in
`command_parser`; what goes wrong is one message of `last_guard`.
"""

import itertools
import sys

from agnbook.ask import last_guard, option_scope
from agnbook.ask.command_parser import EXAMPLES, parser
from agnbook.ask.terminal import one_line, say, show
from agnbook.errors import BookError

__all__ = ["EXAMPLES", "main", "parser"]


#: Simulated survey, and days between the times of a reconstruction, unless others are asked for.
_SETTING, _STEP = "dc2_like", 10.0


def _catalogs(options) -> int:
    from agnbook.ask import seals
    from agnbook.sky import registry

    seals.check(*seals.REGISTRIES)
    table = registry.status()
    show(table.to_csv(index=False) if options.csv else table.to_string(index=False))
    return int((table["status"] != "verified").any())


def _score(options) -> int:
    from agnbook.ask import fetched, outputs, scoring

    columns = _pairs(options.column, "--column takes CLASS=COLUMN, such as agn=AGN_RF")
    outputs.check([], [name for name in (options.table, options.older, options.newer) if name])
    with fetched.local([options.table], options.fetch) as (path,):
        table = scoring.score(
            path, options.exam, older=options.older, newer=options.newer, columns=columns, normalise=options.normalise,
            weight=options.weight, strict=options.strict,
        )  # fmt: skip
    show(table.to_csv() if options.csv else table.round(4).to_string())
    say(scoring.counts_text(table))
    return 0


def _lookup(options) -> int:
    from agnbook.ask import lookup

    if bool(options.names) == bool(options.at):
        raise BookError("Give names, or --at with a position; for example agnbook lookup --at '166.114 38.209'.")
    if options.json and options.csv:
        raise BookError("Give --json or --csv, not both.")
    unknown = {}
    if options.at:
        found = lookup.near(options.at, options.radius)
    else:
        found, unknown = lookup.known(options.names)
    if options.json:
        show(lookup.as_json(found))
    elif options.csv:
        show(lookup.as_table(found).round(6).to_csv(index=False), end="")
    else:
        for source, (facts, predictions) in found.items():
            show("\n".join([source, *(f"  {name}: {value}" for name, value in facts.items())]))
            show(predictions.round(3).to_string(index=False) if len(predictions) else "  The book predicts nothing for it.")
    if not (options.json or options.csv):  # those have it in every row
        for text in lookup.tables_of(found):
            say(text)
    for reason in unknown.values():
        say(reason)
    return _partly(unknown)


def _skill(question: str) -> None:
    from agnbook.ask import skill

    how, scores = skill.skill(question)
    say(f"the model {how}:\nagnbook:   {scores}")


def _summary(answer, done: str, question: str) -> None:
    """Say on standard error how many rows have an answer, how many of these a flag, and how good the model is."""
    given, texts = answer["not_given"] == "", []
    flags = {"no_sed": "without an SED", "out_of_range": "outside the training range", "extrapolated": "extrapolated"}
    for flag, text in flags.items():
        if flag in answer.colnames:
            marked = answer[flag] != "" if flag == "out_of_range" else answer[flag]
            texts.append(f"{(given & marked).sum()} {text}")
    say(f"{given.sum()} of {len(answer)} sources {done}; of these {', '.join(texts)}")
    if len(wrong := answer[answer["problem"] != ""]):
        first = one_line(wrong[0][0]) or "one without a name"
        say(f"{len(wrong)} rows have a problem, for example {first}: {one_line(wrong['problem'][0])}")
    if "without" in answer.colnames and (few := int((answer["without"] != "").sum())):
        from agnbook.ask import redshift, skill

        say(f"{few} of them without {answer['without'][answer['without'] != ''][0]}, from 4FGL's columns alone:")
        say(f"  {redshift.cost_in_words()}")
        _skill(skill.FROM_4FGL)
        if few == given.sum():  # then the other model has answered nothing
            return
    _skill(question)


def _answer_table(options, question, done: str, model: str, known) -> int:
    """Read a table, ask a question of it that takes the `known` columns, write the answer and say what came of it."""
    from agnbook.ask import answer_columns, fetched, outputs, tables, user_columns

    columns = _pairs(options.column, "--column takes WANTED=NAME, such as PL_Index=PLI")
    with (
        outputs.reserved([options.output], [options.table], options.overwrite),  # before the work, not after it
        fetched.local([options.table], options.fetch) as (path,),
    ):
        answer = question(user_columns.renamed(tables.read(path), columns, known))
        tables.write(answer, options.output, options.overwrite)
    _summary(answer, done, model)
    return _partly(answer_columns.unanswered(answer).any())


def _classify(options) -> int:
    from agnbook.ask.classify import COLUMNS, classify

    def question(table):
        return classify(table, options.groups, options.strict)

    return _answer_table(options, question, "classified", options.groups, COLUMNS[options.groups])


def _redshift(options) -> int:
    from agnbook.ask.redshift import COLUMNS, redshift

    return _answer_table(options, lambda table: redshift(table, options.strict), "given a redshift", "redshift", COLUMNS)


def _bulk(options) -> int:
    from tqdm import tqdm

    from agnbook.ask import bulk

    with tqdm(unit=" partitions", disable=None) as bar:  # None: only on a terminal

        def progress(done, total):
            bar.total = total
            bar.update(done - bar.n)

        failed = None
        try:
            table = bulk.run(
                options.input, options.output, options.model, options.setting or _SETTING, options.scheduler, options.workers,
                progress, _reading(options), options.strict,
            )  # fmt: skip
        except bulk.Unfinished as unfinished:
            table, failed = unfinished.table, unfinished
    if failed and (options.strict or not len(table)):
        raise failed
    say(f"{len(table)} partitions with {table['rows'].sum()} rows are complete; {table['computed'].sum()} computed now")
    if empty := int((table["rows"] == 0).sum()):
        say(f"{empty} partitions hold no rows, and so do their results")
    if problems := int(table["problems"].sum()):
        say(f"{problems} rows have a problem; the column `problem` says which")
    if repeated := table.attrs["repeated"]:
        say(f"{repeated} objects stand in more than one partition: each is answered in every one")
    if orphans := table.attrs["orphans"]:
        say(f"{len(orphans)} results have no partition in the input any more, for example {orphans[0]}")
    if failed:
        say(str(failed))
    return _partly(failed or table["unanswered"].any())


def _partly(some_are_not_answered) -> int:
    """Return the exit status of a command that has answered, all or only some of what was asked."""
    return last_guard.PARTLY if some_are_not_answered else last_guard.DONE


def _pairs(given, what: str) -> dict[str, str]:
    """Return what options of the form NAME=VALUE say."""
    if badly := [pair for pair in given if "=" not in pair]:
        raise BookError(f"{what}, not {', '.join(badly)}.")
    pairs = dict(pair.split("=", 1) for pair in given)
    if len(pairs) < len(given):
        raise BookError(f"{what}, each once: of {', '.join(given)} keep those that are meant.")
    return pairs


def _or(given, default):
    """Return what was given, or the default where nothing was: 0 is given."""
    return default if given is None else given


def _reading(options):
    """Return how light curves are to be read, as `curve_options.Options`."""
    from agnbook.ask.curve_options import OF_OBJECTS, Options

    wavelengths = {}
    for band, text in _pairs(options.wavelength, "--wavelength takes BAND=ANGSTROM").items():
        try:
            wavelengths[band] = float(text)
        except ValueError:
            raise BookError(
                f"--wavelength {band}={text}: give the effective wavelength in angstrom, such as {band}=5100."
            ) from None
    columns = _pairs(options.column, "--column takes ROLE=NAME")
    if options.model == "simulator" and (vain := [role for role in columns if role in OF_OBJECTS]):
        raise BookError(f"--column {vain[0]}=: the simulator takes no {vain[0].replace('_', ' ')}; leave it out.")
    return Options(
        survey=options.survey, wavelengths=wavelengths, unit=options.unit, time_unit=options.time_unit,
        columns=columns, object=options.object, band=options.band,
        redshift=options.redshift, extinction=options.extinction, absolute_magnitude=options.absolute_magnitude,
        visits=options.visits, tolerance=_or(options.tolerance, Options.tolerance),
    )  # fmt: skip


def _lightcurve(options) -> int:
    from agnbook.ask import fetched, outputs, progress

    written = [name for name in (options.output, options.reconstruction, options.per_band) if name]
    given = [name for name in (*options.table, options.objects, options.times, options.visits) if name]
    with outputs.reserved(written, given, options.overwrite), fetched.local(options.table, options.fetch) as paths:
        with progress.told_of_compiling():
            return _light_curves(options, paths)


def _light_curves(options, paths) -> int:
    from agnbook.ask import curve_files, light_curves, tables
    from agnbook.ask.light_curves import Question

    if options.plot:
        from agnbook.ask import curve_figures

        curve_figures.check_folder(options.plot)
    times = curve_files.times(options.times) if options.times else None
    step = _or(options.step, _STEP) if options.reconstruction and times is None else None
    setting = options.setting or _SETTING
    asked = {"model": options.model, "setting": setting, "exact": options.exact, "step": step, "times": times}
    Question(**asked)
    objects, reading = curve_files.read(paths, _reading(options), options.objects)
    seen = set(itertools.chain.from_iterable(each.bands for each in objects))
    if seen and (vain := sorted(set(reading.wavelengths) - seen)):
        raise BookError(f"--wavelength {vain[0]}=: no measurement is in that band; there are {', '.join(sorted(seen)[:12])}.")
    question = Question(reading, **asked)
    if options.strict:
        light_curves.refuse_problems(objects, question)
    if options.plot:
        curve_figures.check_names([each.name for each in objects], options.plot, options.overwrite)
    found = light_curves.answers(objects, question, _or(options.workers, 1))
    if options.plot:
        found = curve_figures.plotted(found, options.plot)
    answer, bands, curves = light_curves.gathered(found, question)
    tables.write(answer, options.output, options.overwrite)
    if options.per_band:
        tables.write(bands, options.per_band, options.overwrite)
    if options.reconstruction:
        tables.write(curves, options.reconstruction, options.overwrite)
    given = answer["problem"] == ""
    flagged = (given & (answer["flags"] != "")).sum()
    say(f"{given.sum()} of {len(answer)} objects are answered; {flagged} of these with a flag")
    if len(problems := answer[~given]):
        say(f"for example {one_line(problems['object'][0])}: {one_line(problems['problem'][0])}")
    if options.model == "simulator":
        _skill(f"{setting}, exact" if options.exact else setting)
    return _partly(not given.all())


_COMMANDS = {
    "catalogs": _catalogs, "lookup": _lookup, "classify": _classify, "redshift": _redshift, "lightcurve": _lightcurve,
    "bulk": _bulk, "score": _score,
}  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 for success, 1 if a catalogue is missing, 2 for an error, 3 for an answer in part, 130 for an interrupt.

    `arguments` are those of the process by default, which then also obeys its signals.
    """
    if arguments is None:
        last_guard.hold_streams()
        last_guard.obey_signals()

    def command() -> int:
        options = parser().parse_args(arguments)
        option_scope.refuse_empty(options)
        option_scope.check(options)
        return _COMMANDS[options.command](options)

    status = last_guard.run(command)
    if arguments is None:
        last_guard.leave_in_peace()
    return status


if __name__ == "__main__":
    sys.exit(main())
