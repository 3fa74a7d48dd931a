"""The app's server, ``make app``: for this machine alone, from whatever folder and with whatever options it is started.

The page is `app_page`; settings are in ``.streamlit/config.toml`` beside this file, which Streamlit finds by the script's place.
"""

import sys
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from agnbook.ask import app_guard, last_guard


def unexpected(error: Exception) -> bool:
    """Say what went wrong in one line, where Streamlit would say nothing."""
    st.error("This should not have happened.")
    st.code(last_guard.explain(error), language=None, wrap_lines=True)
    return True


if problem := app_guard.problem_of(st.get_option("server.address")):
    sys.exit(f"agnbook: {problem}")
page = (Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
app = st.App(
    Path(__file__).with_name("app_page.py"), middleware=[Middleware(app_guard.Guard, page=page)], on_script_error=unexpected
)
