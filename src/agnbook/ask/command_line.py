"""The command ``agnbook``: the book's models on one source, on a table or on many, and what they are worth.

Thin: it parses arguments, calls the package, prints a table, and turns a `BookError` into one message and exit status 2.
"""

import argparse
import os
import sys

from agnbook import extras
from agnbook.errors import BookError
from agnbook.sky import registry

EXAMPLES = {
    "catalogs": ["agnbook catalogs"],
    "lookup": [
        'agnbook lookup "PKS 2155-304"',
        "agnbook lookup J0001.2+4741 '3C 84' --csv",
        "agnbook lookup --at '166.114 38.209'",
    ],
    "classify": [
        "agnbook classify my_blazars.fits -o classes.csv",
        "agnbook classify my_4fgl_sources.csv --groups six -o groups.csv",
        "cat my_blazars.csv | agnbook classify - > classes.csv",
    ],
    "bulk": [
        "agnbook bulk curves/ answers/ --model lightcurve --survey lsst",
        "agnbook bulk tables/ classes/ --model blazars --scheduler tcp://10.0.0.1:8786",
    ],
    "redshift": ["agnbook redshift my_sources.fits -o redshifts.ecsv", "cat my_sources.csv | agnbook redshift - > redshifts.csv"],
    "lightcurve": [
        "agnbook lightcurve my_quasars.csv --survey sdss --redshift z -o answers.csv --plot plots",
        "agnbook lightcurve zg.csv zr.csv --survey ztf --object 'Mrk 335' --reconstruction curves.parquet --step 5",
        "agnbook lightcurve forced.parquet --survey lsst --objects objects.parquet -o answers.fits --per-band bands.fits",
        "agnbook lightcurve six_bands.csv --model simulator --setting lsst_bright",
    ],
    "score": [
        "agnbook score my_predictions.csv --exam agn-galactic",
        "agnbook score catalogue.fits --exam agn-pulsar --column agn=AGN_RF --column psr=PSR_RF --normalise",
    ],
}


def _catalogs(options) -> int:
    table = registry.status()
    print(table.to_csv(index=False) if options.csv else table.to_string(index=False))
    return int((table["status"] != "verified").any())


def _score(options) -> int:
    from agnbook.ask import scoring

    if badly := [pair for pair in options.column if "=" not in pair]:
        raise BookError(f"--column takes CLASS=COLUMN, not {', '.join(badly)}; for example --column agn=AGN_RF.")
    columns = dict(pair.split("=", 1) for pair in options.column)
    table = scoring.score(
        options.table, options.exam, older=options.older, newer=options.newer, columns=columns, normalise=options.normalise,
        weight=options.weight,
    )  # fmt: skip
    print(table.to_csv() if options.csv else table.round(4).to_string())
    print(f"agnbook: {scoring.counts_text(table)}", file=sys.stderr)
    return 0


def _lookup(options) -> int:
    from agnbook.ask import lookup

    if bool(options.names) == bool(options.at):
        raise BookError("Give names, or --at with a position; for example agnbook lookup --at '166.114 38.209'.")
    found = lookup.near(options.at, options.radius) if options.at else lookup.lookup(*options.names)
    if options.json:
        print(lookup.as_json(found))
    elif options.csv:
        print(lookup.as_table(found).round(6).to_csv(index=False), end="")
    else:
        for source, (facts, predictions) in found.items():
            print("\n".join([source, *(f"  {name}: {value}" for name, value in facts.items())]))
            print(predictions.round(3).to_string(index=False) if len(predictions) else "  The book predicts nothing for it.")
    return 0


def _skill(question: str) -> None:
    from agnbook.ask import skill

    how, scores = skill.skill(question)
    print(f"agnbook: the model {how}:\nagnbook:   {scores}", file=sys.stderr)


def _summary(answer, done: str, question: str) -> None:
    """Say on standard error how many rows have an answer, how many of these a flag, and how good the model is."""
    from agnbook.ask import tables

    given, texts = answer["not_given"] == "", []
    flags = {"no_sed": "without an SED", "out_of_range": "outside the training range", "extrapolated": "extrapolated"}
    for flag, text in flags.items():
        if flag in answer.colnames:
            marked = answer[flag] != "" if flag == "out_of_range" else answer[flag]
            texts.append(f"{(given & marked).sum()} {text}")
    print(f"agnbook: {given.sum()} of {len(answer)} sources {done}; of these {', '.join(texts)}", file=sys.stderr)
    if len(wrong := answer[answer["problem"] != ""]):
        print(
            f"agnbook: {len(wrong)} rows have a problem, for example {tables.harmless(str(wrong[0][0]))}: {wrong['problem'][0]}",
            file=sys.stderr,
        )
    _skill(question)


def _classify(options) -> int:
    from agnbook.ask import classify, tables

    tables.check_writable(options.output, options.overwrite)  # before the work, not after it
    answer = classify.classify(tables.read(options.table), options.groups, options.strict)
    tables.write(answer, options.output, options.overwrite)
    _summary(answer, "classified", options.groups)
    return 0


def _bulk(options) -> int:
    from tqdm import tqdm

    from agnbook.ask import bulk

    setting = _setting(options, options.model == "simulator")
    with tqdm(unit=" partitions", disable=None) as bar:  # None: only on a terminal

        def progress(done, total):
            bar.total = total
            bar.update(done - bar.n)

        table = bulk.run(
            options.input, options.output, options.model, setting, options.scheduler, options.workers, progress,
            _reading(options),
        )  # fmt: skip
    print(
        f"agnbook: {len(table)} partitions with {table['rows'].sum()} rows are complete; {table['computed'].sum()} computed now",
        file=sys.stderr,
    )
    return 0


def _redshift(options) -> int:
    from agnbook.ask import redshift, tables

    tables.check_writable(options.output, options.overwrite)
    answer = redshift.redshift(tables.read(options.table), options.strict)
    tables.write(answer, options.output, options.overwrite)
    _summary(answer, "given a redshift", "redshift")
    return 0


def _pairs(given, what: str) -> dict[str, str]:
    """Return what options of the form NAME=VALUE say."""
    if badly := [pair for pair in given if "=" not in pair]:
        raise BookError(f"{what}, not {', '.join(badly)}.")
    return dict(pair.split("=", 1) for pair in given)


def _reading(options):
    """Return how light curves are to be read, as `curve_options.Options`."""
    from agnbook.ask.curve_options import Options

    wavelengths = {}
    for band, text in _pairs(options.wavelength, "--wavelength takes BAND=ANGSTROM").items():
        try:
            wavelengths[band] = float(text)
        except ValueError:
            raise BookError(
                f"--wavelength {band}={text}: give the effective wavelength in angstrom, such as {band}=5100."
            ) from None
    return Options(
        survey=options.survey, wavelengths=wavelengths, unit=options.unit, time_unit=options.time_unit,
        columns=_pairs(options.column, "--column takes ROLE=NAME"), object=options.object, band=options.band,
        redshift=options.redshift, extinction=options.extinction, tolerance=options.tolerance,
    )  # fmt: skip


def _setting(options, simulator: bool) -> str:
    if options.setting and not simulator:
        raise BookError("--setting is for the posteriors that were trained on simulated surveys; add --model simulator.")
    return options.setting or "dc2_like"


def _lightcurve(options) -> int:
    from agnbook.ask import curve_files, light_curves, tables
    from agnbook.ask.light_curves import Question

    outputs = [name for name in (options.output, options.reconstruction, options.per_band) if name]
    if len(set(outputs)) < len(outputs):
        raise BookError("-o, --reconstruction and --per-band must name different files.")
    for name in outputs:  # before the work, not after it
        tables.check_writable(name, options.overwrite)
    if options.plot:
        from agnbook.ask import curve_figures

        curve_figures.check_folder(options.plot)
    step = options.step if options.reconstruction and not options.times else None
    times = curve_files.times(options.times) if options.times and options.reconstruction else None
    setting = _setting(options, options.model == "simulator")
    asked = {"model": options.model, "setting": setting, "exact": options.exact, "step": step, "times": times}
    Question(**asked)
    objects, reading = curve_files.read(options.table, _reading(options), options.objects)
    question = Question(reading, **asked)
    found = light_curves.answers(objects, question, 1 if options.plot else options.workers)
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
    print(f"agnbook: {given.sum()} of {len(answer)} objects are answered; {flagged} of these with a flag", file=sys.stderr)
    if len(problems := answer[~given]):
        print(f"agnbook: for example {problems['object'][0]}: {problems['problem'][0]}", file=sys.stderr)
    if options.model == "simulator":
        _skill("independent, exact" if options.exact else setting)
    return 0


def _examples(lines) -> str:
    return "\n  ".join(["examples:", *lines])


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    raw = argparse.RawDescriptionHelpFormatter
    main_parser = argparse.ArgumentParser(
        prog="agnbook", description="The tools of the book on active galactic nuclei.", formatter_class=raw,
        epilog=_examples(line for lines in EXAMPLES.values() for line in lines),
    )  # fmt: skip
    commands = main_parser.add_subparsers(dest="command", required=True)
    output = argparse.ArgumentParser(add_help=False)
    output.add_argument("--csv", action="store_true", help="print comma-separated values")

    def add(name, run, help, parents=()):
        command = commands.add_parser(
            name, help=help, description=help, parents=parents, formatter_class=raw, epilog=_examples(EXAMPLES[name])
        )
        command.set_defaults(run=run)
        return command

    add("catalogs", _catalogs, "which catalogues are where, verified by checksum", [output])

    command = add("lookup", _lookup, "what the book predicts for a source", [output])
    command.add_argument(
        "names", nargs="*", help="4FGL names or counterparts', such as 'Mkn 421'; capitals and spaces do not matter"
    )
    command.add_argument("--at", metavar="'RA DEC'", help="a position in degrees (J2000) instead of a name")
    command.add_argument(
        "--radius", type=float, metavar="DEG", help="how far from it; by default within a source's 99.9 %% ellipse"
    )
    command.add_argument("--json", action="store_true", help="print facts and predictions as JSON")

    files = argparse.ArgumentParser(add_help=False)
    files.add_argument("table", help="FITS, CSV, ECSV, VOTable or Parquet with 4LAC column names; - reads CSV from a pipe")
    files.add_argument("-o", "--output", default="-", metavar="OUT", help="file in one of these formats; - (default) is CSV")
    files.add_argument("--strict", action="store_true", help="refuse a table with a row that cannot be used; else it says why")
    files.add_argument("--overwrite", action="store_true", help="replace OUT if it exists")

    command = add("classify", _classify, "class probabilities: BL Lac or FSRQ, or the six gamma-ray groups", [files])
    command.add_argument(
        "--groups", choices=("blazars", "six"), default="blazars", help="what to tell apart (default: blazars, from 4LAC columns)"
    )
    add("redshift", _redshift, "redshift with calibrated intervals, by the book's best model", [files])

    reading = argparse.ArgumentParser(add_help=False)
    group = reading.add_argument_group("how light curves are to be read")
    group.add_argument("--survey", help="whose bands these are: sdss, lsst, ztf, panstarrs, des, swift, johnson, macho")
    group.add_argument(
        "--wavelength", action="append", default=[], metavar="BAND=ANGSTROM", help="effective wavelength of any other band"
    )
    group.add_argument("--unit", help="of the fluxes: nJy, mJy, nanomaggy, '1e-14 erg s-1 cm-2 A-1' ...")
    group.add_argument("--time-unit", metavar="UNIT", help="of the times, if not days or dates")
    group.add_argument(
        "--column", action="append", default=[], metavar="ROLE=NAME",
        help="which column is the object, time, band, magnitude, flux or error, where its name does not say so",
    )  # fmt: skip
    group.add_argument("--object", metavar="NAME", help="all rows are of this object")
    group.add_argument("--band", metavar="BAND", help="all rows are of this band")
    group.add_argument("--redshift", metavar="COLUMN", help="column, or one number")
    group.add_argument("--extinction", metavar="COLUMN", help="A_V, E(B-V) or A_<band>, by the column's name; a number is A_V")
    group.add_argument("--setting", help="of the simulator: dc2_like (default), lsst_bright, independent")
    group.add_argument(
        "--tolerance", type=float, default=0.5, metavar="DAYS", help="of the simulator: time in which six bands are a visit (0.5)"
    )

    command = commands.add_parser(
        "lightcurve", help="what a quasar's light curve says: time-scale, amplitude, correlation of the bands, the curve itself",
        parents=[reading], formatter_class=raw, epilog=_examples(EXAMPLES["lightcurve"]),
    )  # fmt: skip
    command.set_defaults(run=_lightcurve)
    command.add_argument(
        "table",
        nargs="+",
        help="table of light curves, several of one object, the folder of an archive, or - for CSV from a pipe",
    )
    command.add_argument("-o", "--output", default="-", metavar="OUT", help="a row an object; - (default) is CSV")
    command.add_argument("--overwrite", action="store_true", help="replace outputs that exist")
    command.add_argument("--objects", metavar="TABLE", help="table of the objects: redshift, extinction")
    command.add_argument("--per-band", metavar="OUT2", help="also write a row an object and band")
    command.add_argument("--reconstruction", metavar="OUT3", help="also write the curves in every band")
    command.add_argument("--step", type=float, default=10.0, metavar="DAYS", help="between the times of the reconstruction (10)")
    command.add_argument("--times", metavar="FILE", help="its times instead, a column of a table or a number a line")
    command.add_argument("--plot", metavar="FOLDER", help="also draw each curve")
    command.add_argument(
        "--model",
        default="quasar",
        help="quasar (default): any bands; simulator: posteriors trained on simulated six-band surveys",
    )
    command.add_argument("--exact", action="store_true", help="of the simulator: exact weights (setting independent only)")
    command.add_argument("--workers", type=int, default=1, metavar="N", help="processes (1)")

    command = commands.add_parser(
        "bulk", help="a model on a folder of Parquet partitions, on this machine or a Dask cluster", parents=[reading],
        formatter_class=raw, epilog=_examples(EXAMPLES["bulk"]),
    )  # fmt: skip
    command.set_defaults(run=_bulk)
    command.add_argument("input", help="folder of .parquet files")
    command.add_argument("output", help="folder for the results, one file a partition; the same command again goes on")
    command.add_argument("--model", required=True, help="blazars, six, redshift, lightcurve or simulator")
    command.add_argument("--scheduler", metavar="tcp://...", help="a Dask scheduler; by default this machine computes")
    command.add_argument("--workers", type=int, metavar="N", help="processes on this machine; one a core by default")

    command = add("score", _score, "score a table of predictions on later classes or redshifts", [output])
    command.add_argument("table", help="a table with a column Source_Name and one column a class; - reads CSV from a pipe")
    command.add_argument("--exam", required=True, help="agn-galactic, agn-pulsar, six-groups, bll-fsrq or redshift")
    command.add_argument("--older", help="a registered release or a FITS file, instead of the exam's older one")
    command.add_argument("--newer", help="the same for the release (redshift: the table) that gives the answers")
    command.add_argument("--column", action="append", default=[], metavar="CLASS=COLUMN", help="name of a class's column")
    command.add_argument("--normalise", action="store_true", help="divide each row by the sum of the exam's classes")
    command.add_argument("--weight", metavar="COLUMN", help="column of importance weights")
    return main_parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0 for success, 1 if a catalogue is missing, 2 for an error, 130 for an interrupt."""
    options = parser().parse_args(arguments)
    try:
        status = options.run(options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader of a pipe, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # what is left in the buffer must not fail again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"agnbook: cannot write the output: {error.strerror}", file=sys.stderr)
        return 2
    except BookError as error:
        print(f"agnbook: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        if (explained := extras.missing(error.name or "")) is None:
            raise
        print(f"agnbook: {explained}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("agnbook: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
