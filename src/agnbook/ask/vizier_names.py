"""What VizieR calls the columns of 4FGL: short names of its own, of which only those are taken that are known for certain."""

import re

from agnbook.sky import features

#: VizieR's name -> 4FGL's, where spelling alone does not lead there. All are in VizieR's own description of the first release,
#: table J/ApJS/247/33/4fgl, which says 4FGL's name of each in brackets (`TAP_SCHEMA.columns` and ``votable?-meta.all`` of
#: 2026-09-29, recorded in github.com/VatsalDesai152/AstrosearchAPI, tests/fixtures/vizier/describe_4fgl). Seen elsewhere, too:
#: ``Cl1``, ``VarInd`` in DR3, IX/67/4fgldr3 (columns that toopy/library/xmatch_track.py of github.com/arterom/ToOpy reads).
#: Units are 4FGL's, but for mW m-2, which is erg cm-2 s-1.
NAMES = {
    "4FGL": "Source_Name", "Name": "Extended_Source_Name", "Sig": "Signif_Avg", "E0": "Pivot_Energy", "Mod": "SpectrumType",
    "F1000i": "Flux1000", "e_F1000i": "Unc_Flux1000",  # F1000 is the flux of one band, from 1 to 3 GeV
    "EF100": "Energy_Flux100", "e_EF100": "Unc_Energy_Flux100",
    "PLGam": "PL_Index", "e_PLGam": "Unc_PL_Index", "LPalpha": "LP_Index", "e_LPalpha": "Unc_LP_Index",
    "LPbeta": "LP_beta", "e_LPbeta": "Unc_LP_beta", "SigCurv1": "LP_SigCurv",
    "VarInd": "Variability_Index", "fVar": "Frac_Variability", "e_fVar": "Unc_Frac_Variability",
    "Cl1": "CLASS1", "ProbBY": "ASSOC_PROB_BAY", "ProbLR": "ASSOC_PROB_LR",
    "RACdeg": "RA_Counterpart", "DECdeg": "DEC_Counterpart", "errPos": "Unc_Counterpart",
}  # fmt: skip
_LOWER = {name.lower(): own for name, own in NAMES.items()}
#: Names that a description may say in brackets.
_ASKED_FOR = {
    *features.EXTENDED_NUMBERS, *features.EXTENDED_TEXTS, *features.GAMMA_COLUMNS, *features.BLAZAR_FEATURES,
    "Source_Name", "Extended_Source_Name", "CLASS1",
}  # fmt: skip
_IN_BRACKETS = re.compile(r"\((\w+)\)")


def catalogue_names(table) -> dict[str, str]:
    """Return the catalogue's names of the columns of a table from VizieR, {} for any other table.

    A table is from VizieR where a column is called ``4FGL`` (``_4FGL`` in astroquery); elsewhere ``Sig`` or ``E0`` may be
    anything. What a column's description says in brackets, as VizieR's do, goes before `NAMES`: it also tells what VizieR
    calls otherwise in other releases. Positions that VizieR has computed (``_RAJ2000``) give way to the catalogue's own.

    Parameters
    ----------
    table : astropy.table.Table
    """
    if not any(name.lower().lstrip("_") == "4fgl" for name in table.colnames):
        return {}
    found = {}
    for name in table.colnames:
        described = table[name].info.description or ""
        told = {word for word in _IN_BRACKETS.findall(described) if word in _ASKED_FOR}
        if len(told) == 1:
            found[name] = told.pop()
        elif (plain := name.lower().removeprefix("_")) in _LOWER:
            found[name] = _LOWER[plain]
        if name.startswith("_") and name[1:] in table.colnames:
            found[name] = f"computed {name}"
    return found
