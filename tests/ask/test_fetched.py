"""Addresses: nothing is fetched unless asked for, and then with bounds."""

import http.server
import socket
import threading

import pandas as pd
import pytest
from hostile import BLAZARS, LONG

from agnbook.ask import command_line, fetched


@pytest.fixture
def address(tmp_path):
    """A server on this machine; returns its address and the list of what was asked."""
    served, asked = tmp_path / "served", []
    served.mkdir()
    BLAZARS.to_csv(served / "mine.csv", index=False)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=served)

        def do_GET(self):
            asked.append(self.path)
            if self.path == "/away.csv":
                self.send_response(302)
                self.send_header("Location", "file:///etc/hostname")
                self.end_headers()
            elif self.path == "/endless.csv":
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"x" * 5000)
            else:
                super().do_GET()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def test_an_address_is_fetched_only_when_asked_for(address, tmp_path, capsys):
    where, asked = address
    given = ["classify", f"{where}/mine.csv", "-o", str(tmp_path / "out.csv")]
    assert command_line.main(given) == 2 and asked == []
    assert "--fetch" in capsys.readouterr().err
    assert command_line.main([*given, "--fetch"]) == 0 and asked == ["/mine.csv"]
    assert pd.read_csv(tmp_path / "out.csv")["probability_fsrq"].notna().all()


@pytest.mark.parametrize(
    ("path", "words"),
    [("absent.csv", "not found"), ("away.csv", "Cannot fetch"), ("endless.csv", "more than"), ("mine.dta", "Cannot fetch")],
)
def test_what_cannot_be_fetched_is_one_message(path, words, address, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(fetched, "MOST_BYTES", 1000)
    assert command_line.main(["classify", f"{address[0]}/{path}", "--fetch"]) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1 and "should not have happened" not in error


@pytest.mark.parametrize("path", ["file:///etc/passwd", "ftp://example.org/a.csv", "s3://bucket/a.parquet", "gopher://x/a.csv"])
def test_other_addresses_are_refused_even_then(path, capsys):
    assert command_line.main(["classify", path, "--fetch"]) == 2
    assert "is an address" in capsys.readouterr().err


def test_nobody_at_home(capsys):
    assert command_line.main(["classify", "http://127.0.0.1:9/a.csv", "--fetch"]) == 2
    assert "Cannot fetch http://127.0.0.1:9/a.csv" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/a", "gs://bucket/a", "S3://bucket/a", "file:///etc/a", "hdfs://host/a"])
@pytest.mark.parametrize("ending", [".csv", ".parquet", ".fits", ".vot", ".txt"])
def test_no_input_of_any_command_is_opened_at_an_address(address, ending, tmp_path, monkeypatch, capsys):
    LONG.to_csv(tmp_path / "curve.csv", index=False)
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("a connection was opened"))
    curve, given = ["lightcurve", str(tmp_path / "curve.csv"), "--survey", "lsst"], address + ending
    for arguments in (
        ["classify", given.replace(".txt", ".csv")], ["lightcurve", given, "--survey", "lsst"], [*curve, "--objects", given],
        [*curve, "--times", given, "--reconstruction", str(tmp_path / "r.csv")],
        ["score", given.replace(".txt", ".csv"), "--exam", "agn-pulsar"],
        ["score", str(tmp_path / "curve.csv"), "--exam", "agn-pulsar", "--older", given],
        ["score", str(tmp_path / "curve.csv"), "--exam", "redshift", "--newer", given],
    ):  # fmt: skip
        assert command_line.main(arguments) == 2
        assert "is an address, and nothing is fetched from one" in capsys.readouterr().err
