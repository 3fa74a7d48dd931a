"""The look-up page's data say what the committed tables say."""

import json

import numpy as np
import pandas as pd
import pytest

from agnbook import storage
from agnbook.press import lookup_data

RESULTS = storage.DATA / "results"


@pytest.fixture(scope="module")
def data():
    return json.loads(lookup_data.script().split(" = ", 1)[1].rstrip().removesuffix(";"))


def table(name):
    return pd.read_csv(RESULTS / f"{name}.csv", comment="#").set_index("Source_Name")


def unpacked(text, rows):
    codes = np.array([int(text[k : k + 2], 36) if text[k] != "-" else np.nan for k in range(0, len(text), 2)])
    return codes.reshape(rows, len(lookup_data.MODELS), len(lookup_data.GROUPS)) / 1000


def test_every_source_has_its_probabilities_and_their_spread(data):
    names = [f"4FGL {name}" for name in data["names"].split()]
    assert names == list(table("shift_catalogue_unweighted").index)
    for number, (name, short) in enumerate(lookup_data.MODELS.values()):
        for key, end in (("probability", ""), ("spread", "_std")):
            expected = table(name)[[f"{short}_{group}{end}" for group in lookup_data.GROUPS]].to_numpy(float)
            np.testing.assert_allclose(unpacked(data[key], len(names))[:, number], expected, atol=0.00056)


@pytest.mark.parametrize(
    ("key", "name", "columns"),
    [
        ("fsrq", "blazar_classes", lookup_data.BLAZAR),
        ("redshift", "agn_redshifts", lookup_data.REDSHIFT),
        ("sealed", "sealed_clean_unassociated", ["agn", "agn_low", "agn_high"]),
    ],
)
def test_rows_of_other_tables_are_found_by_any_name(data, key, name, columns):
    expected = table(name)[columns]
    known = {other: row for row, others in enumerate(lookup_data.sources()["names"]) for other in others.split(" | ")}
    found = [source for source in expected.index if source in known]
    assert len(found) > 0.9 * len(expected)
    for source in found[::37]:
        np.testing.assert_allclose(data[key][str(known[source])], expected.loc[source], rtol=1e-3)


def test_each_list_has_one_entry_a_source(data):
    rows = len(data["names"].split())
    assert rows == 7195
    assert {len(data[key]) for key in ("ra", "dec", "radius", "alike")} == {rows}
    assert {len(data[key].split("\n")) for key in ("aliases", "counterpart", "later")} == {rows} == {len(data["class"].split())}
    assert all(row not in others for row, others in enumerate(data["alike"])), "no source is alike itself"
    assert all(line.split(" | ")[3].isdigit() for line in data["later"].split("\n"))


def test_what_fl16y_says_is_what_the_cross_match_says(data):
    facts = pd.read_csv(storage.DATA / "source_facts.csv", keep_default_na=False)
    row = facts.index[facts["outcome"] == "newly associated"][0]
    name, kind, counterpart, outcome = data["later"].split("\n")[row].split(" | ")
    assert f"FL16Y {name}" == facts["fl16y"][row] and kind == facts["fl16y_class"][row]
    assert counterpart == facts["fl16y_counterpart"][row] and data["outcomes"][int(outcome)] == "newly associated"


def test_each_source_says_which_models_it_taught(data):
    for number, (name, _) in enumerate(lookup_data.MODELS.values()):
        taught = [int(digit, 16) >> number & 1 for digit in data["trained"]]
        np.testing.assert_array_equal(np.array(taught, bool), table(name)["Training_Sample"].eq(True))
    assert set(data["trained"]) == {"0", "f"}, "associated sources teach all four models, the others none"


def test_packing_keeps_three_digits_and_gaps():
    assert lookup_data.pack(np.array([0.0, 0.5, 1.0, np.nan]), 1e-3) == "00dwrs--"


@pytest.mark.needs("4fgl-dr4")
def test_facts_are_what_the_catalogue_says():
    from agnbook.press import source_facts

    made = source_facts.build().to_csv(index=False, lineterminator="\n")
    assert made == (storage.DATA / "source_facts.csv").read_text(encoding="utf-8")
