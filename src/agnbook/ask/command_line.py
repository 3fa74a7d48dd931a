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
    "lookup": ['agnbook lookup "PKS 2155-304"', "agnbook lookup J0001.2+4741 --csv"],
    "classify": [
        "agnbook classify my_blazars.fits -o classes.csv",
        "agnbook classify my_4fgl_sources.csv --groups six -o groups.csv",
        "cat my_blazars.csv | agnbook classify - > classes.csv",
    ],
    "bulk": [
        "agnbook bulk curves/ posteriors/ --model lightcurve --setting lsst_bright",
        "agnbook bulk tables/ classes/ --model blazars --scheduler tcp://10.0.0.1:8786",
    ],
    "redshift": ["agnbook redshift my_sources.fits -o redshifts.ecsv", "cat my_sources.csv | agnbook redshift - > redshifts.csv"],
    "lightcurve": [
        "agnbook lightcurve my_quasars.csv -o parameters.csv",
        "agnbook lightcurve my_quasars.parquet --setting lsst_bright -o parameters.fits --reconstruction curves.parquet --step 5",
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
    import pandas as pd

    from agnbook.ask import lookup, source_names

    parts = []
    for source in source_names.find_sources(options.name):
        facts, predictions = lookup.describe(source)
        if options.csv:
            predictions.insert(0, "Source_Name", source)
            parts.append(predictions.round(6))
            continue
        print("\n".join([source, *(f"  {name}: {value}" for name, value in facts.items())]))
        print(predictions.round(3).to_string(index=False) if len(predictions) else "  The book predicts nothing for it.")
    if options.csv:
        print(pd.concat(parts).to_csv(index=False), end="")
    return 0


def _skill(question: str) -> None:
    from agnbook.ask import skill

    how, scores = skill.skill(question)
    print(f"agnbook: the model {how}:\nagnbook:   {scores}", file=sys.stderr)


def _summary(answer, done: str, question: str) -> None:
    """Say on standard error how many rows have an answer, how many of these a flag, and how good the model is."""
    given, texts = answer["not_given"] == "", []
    flags = {"no_sed": "without an SED", "out_of_range": "outside the training range", "extrapolated": "extrapolated"}
    for flag, text in flags.items():
        if flag in answer.colnames:
            marked = answer[flag] != "" if flag == "out_of_range" else answer[flag]
            texts.append(f"{(given & marked).sum()} {text}")
    print(f"agnbook: {given.sum()} of {len(answer)} sources {done}; of these {', '.join(texts)}", file=sys.stderr)
    if len(wrong := answer[answer["problem"] != ""]):
        print(f"agnbook: {len(wrong)} rows have a problem, for example {wrong[0][0]}: {wrong['problem'][0]}", file=sys.stderr)
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

    with tqdm(unit=" partitions", disable=None) as bar:  # None: only on a terminal

        def progress(done, total):
            bar.total = total
            bar.update(done - bar.n)

        table = bulk.run(
            options.input, options.output, options.model, options.setting, options.scheduler, options.workers, progress
        )
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


def _lightcurve(options) -> int:
    from agnbook.ask import light_curves, tables
    from agnbook.banp.exact import FEW_DRAWS

    tables.check_writable(options.output, options.overwrite)
    if options.reconstruction:
        if options.reconstruction == options.output:
            raise BookError("-o and --reconstruction name the same file; give them two names.")
        tables.check_writable(options.reconstruction, options.overwrite)
    step = options.step if options.reconstruction else None
    answer, curves = light_curves.light_curves(
        tables.read(options.table), options.setting, options.tolerance, step, options.exact
    )
    tables.write(answer, options.output, options.overwrite)
    if options.reconstruction:
        tables.write(curves, options.reconstruction, options.overwrite)
    given, unlike = answer["problem"] == "", answer["unlike_simulator"] != ""
    print(
        f"agnbook: {given.sum()} of {len(answer)} objects have parameters; {unlike.sum()} of these are unlike the simulator",
        file=sys.stderr,
    )
    if options.exact and (few := (answer["effective_draws"][given] < FEW_DRAWS).sum()):
        print(f"agnbook: {few} of these rest on fewer than {FEW_DRAWS} effective draws: do not rely on them", file=sys.stderr)
    if len(problems := answer[~given]):
        print(f"agnbook: for example {problems['object'][0]}: {problems['problem'][0]}", file=sys.stderr)
    _skill("independent, exact" if options.exact else options.setting)
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
    command.add_argument("name", help="a 4FGL name or a counterpart's, such as 'Mkn 421'; capitals and spaces do not matter")

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

    command = add("lightcurve", _lightcurve, "21 parameters of six-band light curves, and the curves without gaps", [files])
    command.add_argument(
        "--setting", default="dc2_like", help="training population: dc2_like (default), lsst_bright, independent"
    )
    command.add_argument(
        "--tolerance", type=float, default=0.5, metavar="DAYS", help="time within which six bands are a visit (0.5)"
    )
    command.add_argument(
        "--reconstruction", metavar="OUT2", help="also write the curves on a regular grid, in any of the formats"
    )
    command.add_argument("--step", type=float, default=10.0, metavar="DAYS", help="days between its times (10)")
    command.add_argument(
        "--exact", action="store_true", help="weigh the network's draws by the exact likelihood (setting independent only)"
    )

    command = add("bulk", _bulk, "a model on a folder of Parquet partitions, on this machine or a Dask cluster")
    command.add_argument("input", help="folder of .parquet files; light curves have one row an object")
    command.add_argument("output", help="folder for the results, one file a partition; the same command again goes on")
    command.add_argument("--model", required=True, help="blazars, six, redshift or lightcurve")
    command.add_argument("--setting", default="dc2_like", help="for light curves: dc2_like (default), lsst_bright, independent")
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
