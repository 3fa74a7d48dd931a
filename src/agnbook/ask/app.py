"""The app's server, ``make app``: for this machine alone, from whatever folder and with whatever options it is started.

The page is `app_page`; settings are in ``.streamlit/config.toml`` beside this file, which Streamlit finds by the script's place.
"""

import sys
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from agnbook.ask import app_guard

if problem := app_guard.problem_of(st.get_option("server.address")):
    sys.exit(f"agnbook: {problem}")
app = st.App(Path(__file__).with_name("app_page.py"), middleware=[Middleware(app_guard.Guard)])
