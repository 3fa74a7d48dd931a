"""What the command ``agnbook`` can be asked: its commands, their options and examples.

Which options go together is in `option_scope`; those that depend on others have no default here, so that it is known whether
they are given.
"""

import argparse

from agnbook.ask import terminal

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
        "agnbook lightcurve forced.parquet --survey lsst --visits visits.csv -o answers.fits --per-band bands.fits",
        "agnbook lightcurve six_bands.csv --model simulator --setting lsst_bright",
    ],
    "score": [
        "agnbook score my_predictions.csv --exam agn-galactic",
        "agnbook score catalogue.fits --exam agn-pulsar --column agn=AGN_RF --column psr=PSR_RF --normalise",
    ],
}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str):
        super().error(terminal.harmless(message))


def _examples(lines) -> str:
    return "\n  ".join(["examples:", *lines])


def parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    raw = argparse.RawDescriptionHelpFormatter
    main_parser = _Parser(
        prog="agnbook", description="The tools of the book on active galactic nuclei.", formatter_class=raw,
        epilog=_examples(line for lines in EXAMPLES.values() for line in lines),
    )  # fmt: skip
    commands = main_parser.add_subparsers(dest="command", required=True)
    output = argparse.ArgumentParser(add_help=False)
    output.add_argument("--csv", action="store_true", help="print comma-separated values")

    def add(name, help, parents=()):
        command = commands.add_parser(
            name, help=help, description=help, parents=parents, formatter_class=raw, epilog=_examples(EXAMPLES[name])
        )
        return command

    add("catalogs", "which catalogues are where, verified by checksum", [output])

    command = add("lookup", "what the book predicts for a source", [output])
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
    files.add_argument(
        "--column", action="append", default=[], metavar="WANTED=NAME", help="what the table calls a column, such as PL_Index=PLI"
    )
    fetch = argparse.ArgumentParser(add_help=False)
    fetch.add_argument("--fetch", action="store_true", help="TABLE may be an address (http or https): fetch it")

    command = add("classify", "class probabilities: BL Lac or FSRQ, or the six gamma-ray groups", [files, fetch])
    command.add_argument(
        "--groups", choices=("blazars", "six"), default="blazars", help="what to tell apart (default: blazars, from 4LAC columns)"
    )
    add("redshift", "redshift with calibrated intervals, by the book's best model", [files, fetch])

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
    group.add_argument("--absolute-magnitude", metavar="COLUMN", help="of the whole source in i, for its mass; a number for all")
    group.add_argument("--extinction", metavar="COLUMN", help="A_V, E(B-V) or A_<band>, by the column's name; a number is A_V")
    group.add_argument(
        "--visits", metavar="TABLE", help="times of Rubin's visits (visit, expMidptMJD), where measurements lack them"
    )
    group.add_argument("--strict", action="store_true", help="refuse what has rows or objects that cannot be used")
    group.add_argument("--setting", help="of the simulator: dc2_like (default), lsst_bright, independent")
    group.add_argument(
        "--tolerance", type=float, metavar="DAYS", help="of the simulator: time in which six bands are a visit (0.5)"
    )

    command = commands.add_parser(
        "lightcurve", help="what a quasar's light curve says: time-scale, amplitude, correlation of the bands, the curve itself",
        parents=[reading, fetch], formatter_class=raw, epilog=_examples(EXAMPLES["lightcurve"]),
    )  # fmt: skip
    command.add_argument(
        "table",
        nargs="+",
        help="table of light curves, several of one object, the folder of an archive, or - for CSV from a pipe",
    )
    command.add_argument("-o", "--output", default="-", metavar="OUT", help="a row an object; - (default) is CSV")
    command.add_argument("--overwrite", action="store_true", help="replace outputs that exist")
    command.add_argument("--objects", metavar="TABLE", help="table of the objects: redshift, extinction, absolute magnitude")
    command.add_argument("--per-band", metavar="OUT2", help="also write a row an object and band")
    command.add_argument("--reconstruction", metavar="OUT3", help="also write the curves in every band")
    command.add_argument("--step", type=float, metavar="DAYS", help="between the times of the reconstruction (10)")
    command.add_argument("--times", metavar="FILE", help="its times instead, a column of a table or a number a line")
    command.add_argument("--plot", metavar="FOLDER", help="also draw each curve")
    command.add_argument(
        "--model",
        default="quasar",
        help="quasar (default): any bands; simulator: posteriors trained on simulated six-band surveys",
    )
    command.add_argument("--exact", action="store_true", help="of the simulator: weigh its draws by the exact likelihood")
    command.add_argument("--workers", type=int, metavar="N", help="processes (1)")

    command = commands.add_parser(
        "bulk", help="a model on a folder of Parquet partitions, on this machine or a Dask cluster", parents=[reading],
        formatter_class=raw, epilog=_examples(EXAMPLES["bulk"]),
    )  # fmt: skip
    command.add_argument("input", help="folder of .parquet files")
    command.add_argument("output", help="folder for the results, one file a partition; the same command again goes on")
    command.add_argument("--model", required=True, help="blazars, six, redshift, lightcurve or simulator")
    command.add_argument("--scheduler", metavar="tcp://...", help="a Dask scheduler; by default this machine computes")
    command.add_argument("--workers", type=int, metavar="N", help="processes on this machine; one a core by default")

    command = add("score", "score a table of predictions on later classes or redshifts", [output, fetch])
    command.add_argument("table", help="a table with a column Source_Name and one column a class; - reads CSV from a pipe")
    command.add_argument("--exam", required=True, help="agn-galactic, agn-pulsar, six-groups, bll-fsrq or redshift")
    command.add_argument("--older", help="a registered release or a FITS file, instead of the exam's older one")
    command.add_argument("--newer", help="the same for the release (redshift: the table) that gives the answers")
    command.add_argument("--column", action="append", default=[], metavar="CLASS=COLUMN", help="name of a class's column")
    command.add_argument("--normalise", action="store_true", help="divide each row by the sum of the exam's classes")
    command.add_argument("--weight", metavar="COLUMN", help="column of importance weights")
    command.add_argument("--strict", action="store_true", help="refuse a table with rows that cannot be scored")
    return main_parser
