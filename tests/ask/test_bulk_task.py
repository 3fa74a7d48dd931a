"""One partition: the same answers as the tool however it is cut up, a record of their origin, one message for each mistake."""

import errno
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hostile import CURVE, GAMMA
from simulated import BLAZAR, blazars, light_curve_table, one_row_an_object
from simulated import catalogue as active_galaxies

from agnbook import storage
from agnbook.ask import bulk_task, classify, command_line, last_guard, redshift, tables
from agnbook.ask.curve_options import Options
from agnbook.errors import BookError
from agnbook.lightcurves import cadence, dataset, population
from agnbook.redshifts import shipped_redshift
from agnbook.shift import shipped_groups
from agnbook.sky import features

pytestmark = pytest.mark.slow

SDSS = Options(survey="sdss", redshift="z")


def read_csv(path) -> pd.DataFrame:
    names = ("object", "problem", "flags", "bands", "left_out", "sampler", "model", "unlike_simulator", "setting", "model_sha256")
    names += ("mass_model_sha256",)
    texts = {name: str for name in names}
    table = pd.read_csv(path, dtype=texts)
    return table.fillna({name: "" for name in texts if name in table})


def test_the_same_object_gets_the_same_answer_from_the_command_and_in_bulk(tmp_path):
    """A long CSV file through the command; lists, and a long table, through bulk: every column is the same to the last bit."""
    table = light_curve_table(("a", "b", "c"))
    table.loc[table["object"] == "c", "magnitude"] = -99.99
    table.to_csv(tmp_path / "long.csv", index=False)
    (tmp_path / "in").mkdir()
    pq.write_table(one_row_an_object(table), tmp_path / "in" / "lists.parquet")
    table.sample(frac=1, random_state=0).to_parquet(tmp_path / "in" / "long.parquet")
    options = ["--survey", "sdss", "--redshift", "z"]
    arguments = ["lightcurve", str(tmp_path / "long.csv"), *options, "-o", str(tmp_path / "answer.csv")]
    assert command_line.main(arguments) == last_guard.PARTLY
    expected = read_csv(tmp_path / "answer.csv")
    assert list(expected["problem"] != "") == [False, False, True]
    task = bulk_task.plan("lightcurve", options=SDSS)
    for name in ("lists", "long"):
        bulk_task.compute(tmp_path / "in" / f"{name}.parquet", tmp_path / "out" / f"{name}.parquet", task)
        found = pd.read_parquet(tmp_path / "out" / f"{name}.parquet").sort_values("object", ignore_index=True)
        pd.testing.assert_frame_equal(found, expected, check_exact=True, check_dtype=False)


def test_the_simulator_too_gives_the_same_answer_both_ways(tmp_path):
    rng = np.random.default_rng(0)
    made = dataset.simulate(2, rng, cadence.pool(2, rng, n=60), "lsst_bright")
    rows = []
    for i in range(2):
        seen = made.is_visit[i]
        row = {"object": f"q{i}", "time": made.times[i, seen]}
        for b, band in enumerate(population.BANDS):
            # as many digits as a CSV file has: single precision would be another number there
            row |= {f"mag_{band}": made.observed[i, seen, b].astype(float).round(4), f"error_{band}": np.full(seen.sum(), 0.02)}
        rows.append(row)
    (tmp_path / "in").mkdir()
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "in" / "part-00000.parquet")
    table = pd.DataFrame(rows)
    table.explode(list(table.columns[1:])).to_csv(tmp_path / "wide.csv", index=False)
    arguments = ["--model", "simulator", "--setting", "lsst_bright", "-o", str(tmp_path / "answer.csv")]
    assert command_line.main(["lightcurve", str(tmp_path / "wide.csv"), *arguments]) == 0
    task = bulk_task.plan("simulator", "lsst_bright")
    bulk_task.compute(tmp_path / "in" / "part-00000.parquet", tmp_path / "out.parquet", task)
    found = pd.read_parquet(tmp_path / "out.parquet")
    pd.testing.assert_frame_equal(found, read_csv(tmp_path / "answer.csv"), check_exact=True, check_dtype=False)
    assert set(found["model_sha256"]) == {task.sha256}


def test_a_result_is_what_the_tool_says_and_knows_its_origin(catalogue, tmp_path):
    todo = bulk_task.plan("blazars")
    record = bulk_task.compute(catalogue / "a.parquet", tmp_path / "out" / "a.parquet", todo)
    expected = classify.classify(tables.read(catalogue / "a.parquet")).to_pandas()
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "out" / "a.parquet"), expected, check_dtype=False)
    assert bulk_task.read_record(tmp_path / "out" / "a.parquet") == record
    assert record["rows"] == 20 and record["sha256"] == todo.sha256 and record["peak_memory_mb"] > 50
    assert record["cpu"] == pytest.approx(sum(v for name, v in record.items() if name.startswith("cpu_")), abs=0.01)
    written = (tmp_path / "out" / "a.parquet").stat().st_mtime_ns
    assert bulk_task.compute(catalogue / "a.parquet", tmp_path / "out" / "a.parquet", todo) == record
    assert (tmp_path / "out" / "a.parquet").stat().st_mtime_ns == written, "it was there already"


@pytest.mark.parametrize("model", ["six", "redshift"])
def test_every_model_of_tables_answers_as_its_tool(tmp_path, model):
    names = features.GAMMA_COLUMNS if model == "six" else features.EXTENDED_NUMBERS
    rng = np.random.default_rng(0)
    table = pd.DataFrame({name: BLAZAR.get(name, 0.5) * rng.uniform(0.8, 1.2, 12) for name in names})
    if model == "redshift":
        table = table.assign(**{name: "bll" if name == "CLASS" else "LogParabola" for name in features.EXTENDED_TEXTS})
    table.insert(0, "Source_Name", [f"source {i}" for i in range(12)])
    table.to_parquet(tmp_path / "in.parquet")
    todo = bulk_task.plan(model)
    bulk_task.compute(tmp_path / "in.parquet", tmp_path / "out.parquet", todo)
    found, source = pd.read_parquet(tmp_path / "out.parquet"), tables.read(tmp_path / "in.parquet")
    expected = redshift.redshift(source) if model == "redshift" else classify.classify(source, "six")
    pd.testing.assert_frame_equal(found, expected.to_pandas(), check_dtype=False)
    weights = shipped_redshift.REDSHIFT if model == "redshift" else shipped_groups.GROUPS
    assert set(found["model_sha256"]) == {storage.sha256(storage.DATA / weights)}


def test_partitions_do_not_matter(curves, tmp_path):
    """One file of 12 objects in batches, or two of 6: the same answers."""
    parts = [pq.read_table(curves / f"part-0000{k}.parquet") for k in (0, 1)]
    pq.write_table(pa.concat_tables(parts), tmp_path / "both.parquet", row_group_size=5)
    task = bulk_task.plan("lightcurve", options=SDSS)
    bulk_task.compute(tmp_path / "both.parquet", tmp_path / "out.parquet", task)
    for k in (0, 1):
        bulk_task.compute(curves / f"part-0000{k}.parquet", tmp_path / f"{k}.parquet", task)
    apart = pd.concat([pd.read_parquet(tmp_path / f"{k}.parquet") for k in (0, 1)], ignore_index=True)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "out.parquet"), apart, check_exact=True)


def test_weights_that_differ_between_machines_are_noticed(catalogue, tmp_path):
    with pytest.raises(BookError, match="weights or the code here differ"):
        bulk_task.compute(catalogue / "a.parquet", tmp_path / "a.parquet", bulk_task.Job("blazars", "", "0" * 64))


def test_a_full_disk_leaves_nothing_behind(catalogue, tmp_path, monkeypatch):
    def full(*arguments, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(pq.ParquetWriter, "write_table", full)
    target = tmp_path / "out" / "a.parquet"
    assert (
        "No space left on device"
        in bulk_task.task(catalogue, target.parent, bulk_task.plan("blazars"), Path("a.parquet"))["error"]
    )
    assert list(target.parent.iterdir()) == []


def test_a_name_that_is_no_text_costs_its_row_of_the_partition(catalogue, tmp_path):
    table = pd.read_parquet(catalogue / "a.parquet")
    table.assign(Source_Name=[b"\xff", *(name.encode() for name in table["Source_Name"][1:])]).to_parquet(catalogue / "a.parquet")
    record = bulk_task.task(catalogue, tmp_path, bulk_task.plan("blazars"), Path("a.parquet"))
    assert (record["rows"], record["problems"], record["unanswered"]) == (20, 1, 1)
    found = pd.read_parquet(tmp_path / "a.parquet")
    assert found["Source_Name"][0] == "\\xff" and list(found["Source_Name"][1:]) == list(table["Source_Name"][1:])


def test_a_broken_file_of_light_curves_is_one_error(curves, tmp_path):
    whole = (curves / "part-00000.parquet").read_bytes()
    (tmp_path / "half.parquet").write_bytes(whole[:5000])
    middle = len(whole) // 3
    (tmp_path / "garbled.parquet").write_bytes(whole[:middle] + bytes(500) + whole[middle + 500 :])
    table = pq.read_table(curves / "part-00000.parquet")
    pq.write_table(table.drop_columns(["time"]), tmp_path / "timeless.parquet")
    for name, words in (
        ("half", "as Parquet"),
        ("garbled", "as Parquet"),
        ("timeless", "lacks the columns time"),
    ):
        answer = bulk_task.task(tmp_path, tmp_path / "out", bulk_task.plan("lightcurve", options=SDSS), Path(f"{name}.parquet"))
        assert words in answer["error"], answer
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("model", ["blazars", "six", "redshift", "lightcurve"])
def test_without_rows_the_result_has_the_columns_of_others(model, tmp_path):
    table = {"blazars": blazars(3), "six": GAMMA, "redshift": active_galaxies(3), "lightcurve": CURVE}[model]
    table.to_parquet(tmp_path / "a.parquet")
    table.head(0).to_parquet(tmp_path / "b.parquet")
    table.iloc[:0, :1].to_parquet(tmp_path / "c.parquet")
    todo = bulk_task.plan(model, options=Options(survey="lsst") if model == "lightcurve" else None)
    some, none, columnless = (bulk_task.task(tmp_path, tmp_path / "out", todo, Path(f"{k}.parquet")) for k in "abc")
    assert some["rows"] and none["rows"] == none["problems"] == none["unanswered"] == 0
    written = [pq.read_table(tmp_path / "out" / f"{k}.parquet").replace_schema_metadata(None) for k in "ab"]
    assert written[1].num_rows == 0 and written[1].schema == written[0].schema
    assert "lacks the columns" in columnless["error"]


def test_an_input_that_changes_while_it_is_read_is_not_recorded(catalogue, tmp_path, monkeypatch):
    real = bulk_task._answers

    def changing(source, todo, clock):
        yield from real(source, todo, clock)
        blazars(3, 5).to_parquet(source)

    monkeypatch.setattr(bulk_task, "_answers", changing)
    answer = bulk_task.task(catalogue, tmp_path / "out", bulk_task.plan("blazars"), Path("a.parquet"))
    assert "was changed while it was read" in answer["error"] and not (tmp_path / "out" / "a.parquet").exists()
