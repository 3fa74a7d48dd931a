"""The 41 columns of 4LAC-DR3 (Ajello et al. 2022): what each of them tells, in groups."""

#: Group -> column -> meaning, with its unit in brackets.
COLUMNS_4LAC = {
    "name and place": {
        "Source_Name": "name in the gamma-ray catalogue 4FGL",
        "DataRelease": "release in which the source first appears",
        "RAJ2000": "right ascension (deg)",
        "DEJ2000": "declination (deg)",
        "GLON": "Galactic longitude (deg)",
        "GLAT": "Galactic latitude (deg)",
    },
    "brightness": {
        "Signif_Avg": "significance of the detection in twelve years (sigma)",
        "Flux1000": "photon flux above 1 GeV (1/cm²/s)",
        "Unc_Flux1000": "uncertainty of Flux1000 (1/cm²/s)",
        "Energy_Flux100": "energy flux above 100 MeV (erg/cm²/s)",
        "Unc_Energy_Flux100": "uncertainty of Energy_Flux100 (erg/cm²/s)",
    },
    "spectrum": {
        "SpectrumType": "shape that fits best: power law, log-parabola, cut-off",
        "PL_Index": "photon index of a power law; larger is softer",
        "Unc_PL_Index": "uncertainty of PL_Index",
        "Pivot_Energy": "energy at which the spectrum is known best (MeV)",
        "LP_Index": "index of a log-parabola at the pivot energy",
        "Unc_LP_Index": "uncertainty of LP_Index",
        "LP_beta": "curvature of the log-parabola",
        "Unc_LP_beta": "uncertainty of LP_beta",
        "Highest_energy": "highest photon energy above 10 GeV (GeV)",
        "HE_EPeak": "peak energy of the high-energy bump (MeV)",
        "Unc_HE_EPeak": "uncertainty of HE_EPeak (MeV)",
        "HE_nuFnuPeak": "height of that peak (MeV/cm²/s)",
        "Unc_HE_nuFnuPeak": "uncertainty of HE_nuFnuPeak (MeV/cm²/s)",
        "Flags": "warnings of the analysis, a sum of powers of 2",
    },
    "variability": {
        "Variability_Index": "how unlikely a constant flux is, from yearly bins",
        "Frac_Variability": "fractional variability from year to year",
        "Unc_Frac_Variability": "uncertainty of Frac_Variability; 10: not measurable",
    },
    "synchrotron peak": {
        "SED_class": "low, intermediate or high peak: LSP, ISP, HSP",
        "nu_syn": "frequency of the synchrotron peak (Hz)",
        "nuFnu_syn": "height of that peak (erg/cm²/s)",
    },
    "counterpart": {
        "CLASS": "class of the galaxy; upper case where identified",
        "ASSOC1": "name of the counterpart at other wavelengths",
        "ASSOC_PROB_BAY": "probability of the association, Bayesian method",
        "ASSOC_PROB_LR": "the same, likelihood-ratio method",
        "Counterpart_Catalog": "catalogue in which the counterpart was found",
        "RA_Counterpart": "its right ascension (deg)",
        "DEC_Counterpart": "its declination (deg)",
        "Unc_Counterpart": "uncertainty of its position (deg)",
        "VLBI_Counterpart": "name of a compact radio counterpart, if any",
        "Redshift": "redshift, -inf where not known",
    },
}

#: Column -> meaning.
MEANINGS = {name: meaning for group in COLUMNS_4LAC.values() for name, meaning in group.items()}
