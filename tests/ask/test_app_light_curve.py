"""The app's page of light curves: what it answers, what it refuses in words, and that nothing a user wrote becomes markup."""

import sys

import numpy as np
import pytest
from simulated import light_curve_table
from streamlit.testing.v1 import AppTest

from agnbook.ask import app_light_curve, curve_files, light_curves, measurements
from agnbook.ask.curve_options import Options
from agnbook.ask.light_curves import Question

NASTY = "<img src=x onerror=boom()> ![x](http://example.org) $\\frac{ **bold** :red[x]"


@pytest.fixture(autouse=True)
def keep_main(monkeypatch):
    """Give back the main module, which the app's test runner replaces: new processes of later tests would import it."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


def page():
    from agnbook.ask import app_light_curve

    app_light_curve.page()


@pytest.fixture
def app():
    app = AppTest.from_function(page, default_timeout=120).run()
    assert not app.exception
    return app


@pytest.fixture(scope="module")
def table():
    return light_curve_table((NASTY, "b"))


def upload(app, table, name="mine.csv", survey="sdss", **texts):
    """Upload a table and fill in the fields, by the first word of their labels."""
    content = table if isinstance(table, bytes) else table.to_csv(index=False).encode()
    app.file_uploader[0].set_value([(name, content, "text/csv")])
    if survey:
        app.selectbox[0].set_value(survey)
    for label, value in texts.items():
        next(field for field in app.text_input if field.label.startswith(label)).set_value(value)
    app.run()
    assert not app.exception
    return app


def rendered(app) -> str:
    """Everything that a browser would take for Markdown or HTML."""
    kinds = (app.markdown, app.caption, app.warning, app.error, app.success, app.info, app.subheader, app.title)
    return " ".join(str(each.value) for kind in kinds for each in kind) + " ".join(e.label for e in app.expander)


def test_it_begins_empty_and_shows_an_example(app):
    assert len(app.table) == 0 and not app.error
    app.checkbox[0].check().run()
    assert not app.exception and not app.error
    shown = app.table[0].value
    assert app.text[0].value.startswith("simulated quasar\n330 measurements in g r i")
    assert "correlation ρ between bands" in shown.index and any("rest frame" in text for text in shown.index)
    assert any("hidden measurements" in caption.value for caption in app.caption)


def test_an_upload_gets_the_answer_of_the_command(app, table):
    upload(app, table, Redshift="z", Absolute="-25")
    options = Options(survey="sdss", redshift="z", absolute_magnitude=-25.0)
    expected = light_curves.light_curves(table, options)[0]
    shown = app.table[0].value
    for name, text in app_light_curve.SHOWN.items():
        assert shown.loc[text, "median"] == f"{expected[f'{name}_q500'][0]:.3g}"
    assert app.text[0].value.startswith(NASTY) and "img" not in rendered(app)
    app.selectbox[1].select_index(1).run()
    assert not app.exception and app.text[0].value.startswith("b\n120 measurements in g r i")


def test_what_it_downloads_is_whole(table):
    objects = measurements.read(table, Options(survey="sdss"))
    found = light_curves.answer(objects[1], Question(Options(survey="sdss"), step=5.0))
    for made in light_curves.gathered([found], Question(step=5.0)):
        text = app_light_curve._as_csv(made).decode()
        assert text.splitlines()[0].startswith("object,") and len(text.splitlines()) == len(made) + 1 > 1


def test_flags_and_left_out_rows_are_said_in_words(app, table):
    mine = table[table["object"] == "b"].copy()
    mine.loc[mine.index[::9], "magnitude"] += 3.0
    mine.loc[mine.index[:4], "magnitude"] = -99.99
    upload(app, mine)
    assert app.warning[0].value == "To be wary of:" and len(app.code) >= 2
    assert any("mag beyond its stated errors" in code.value for code in app.code)
    assert any(expander.label == "4 rows left out" for expander in app.expander)


@pytest.mark.parametrize(
    "make, words",
    [
        (lambda t: t.drop(columns="time"), "lacks the columns time"),
        (lambda t: t.head(0), "no rows"),
        (lambda t: b"\x00\x01\x02", "no text"),
        (lambda t: t.assign(object="q").head(3), "0 usable measurements, 10 needed"),
        (lambda t: t.assign(object="q", magnitude=99.0), "0 usable measurements"),
    ],
)
def test_what_cannot_be_answered_is_said(app, table, make, words):
    upload(app, make(table))
    assert app.error and words in app.code[0].value and "/tmp" not in app.code[0].value


def test_what_the_user_says_wrongly_is_said(app, table):
    upload(app, table, Redshift="nothing")
    assert "No table has a column 'nothing'" in app.code[0].value
    upload(app, table, Redshift="", Unit="candela")
    assert "'candela' is no unit of flux" in app.code[0].value


def test_several_files_of_one_object(app):
    one = light_curve_table(("a",)).drop(columns=["object", "z"])
    files = [(f"{band}.csv", part.to_csv(index=False).encode(), "text/csv") for band, part in one.groupby("band")]
    app.file_uploader[0].set_value(files)
    app.selectbox[0].set_value("sdss")
    next(field for field in app.text_input if field.label.startswith("Name of")).set_value("mine")
    app.run()
    assert not app.exception and app.text[0].value.startswith("mine\n120 measurements in g r i")


def test_the_example_is_a_light_curve(tmp_path):
    (tmp_path / "e.csv").write_bytes(app_light_curve.example())
    (found,), options = curve_files.read(tmp_path / "e.csv", Options(survey="sdss", redshift="redshift"))
    curve = measurements.light_curve(found, options)
    assert curve.problem == "" and len(curve) == 330 and np.isclose(curve.redshift, 1.2)
