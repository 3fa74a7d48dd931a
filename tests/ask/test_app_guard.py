"""Who the app answers, and what it lets a page load."""

import asyncio
import base64
import hashlib

import pytest

from agnbook.ask import app_guard

PAGE = "<html><script src='a.js'></script><script>let a = 1</script></html>"
HASH = base64.b64encode(hashlib.sha256(b"let a = 1").digest()).decode()


def _asked(kind="http", client=("127.0.0.1", 5000), **headers) -> tuple[list[dict], bool]:
    """Send one request through the guard; return what it sent, and whether the app behind it was asked."""
    sent, reached = [], []

    async def app(scope, receive, send):
        reached.append(True)
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"x-frame-options", b"ALLOWALL")]})

    async def receive():
        return {"type": "websocket.connect"}

    async def send(message):
        sent.append(message)

    given = [(name.encode(), value.encode()) for name, value in headers.items()]
    asyncio.run(app_guard.Guard(app, PAGE)({"type": kind, "client": client, "headers": given}, receive, send))
    return sent, bool(reached)


@pytest.mark.parametrize("host", ["localhost", "localhost:8501", "127.0.0.1:8501", "LOCALHOST:1", "[::1]:8501", "[::1]"])
def test_this_machine_is_answered_with_a_policy(host):
    sent, reached = _asked(host=host, origin=f"http://{host}")
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    policy = headers.pop("content-security-policy")
    assert reached and sent[0]["status"] == 200 and headers == app_guard.HEADERS
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'self'" and rules["frame-ancestors"] == rules["object-src"] == "'none'"
    # the hash of "let a = 1", and of no other script
    assert rules["script-src"] == "'self' 'wasm-unsafe-eval' 'sha256-" + HASH + "'"


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    "asked",
    [
        {"host": "evil.example"}, {"host": "evil.example:8501", "origin": "http://evil.example:8501"}, {}, {"host": ""},
        {"host": "localhost.evil.example"}, {"host": "127.0.0.1.nip.io:8501"}, {"host": "192.168.0.7:8501"},
        {"host": "localhost:8501", "origin": "http://evil.example"}, {"host": "localhost:8501", "origin": "null"},
        {"host": "localhost:8501", "client": ("192.168.0.9", 4000)}, {"host": "user@localhost"}, {"host": "[::2]:8501"},
    ],
)  # fmt: skip
def test_strangers_are_refused(kind, asked):
    sent, reached = _asked(kind, **asked)
    assert not reached
    assert sent[0] == {"type": "websocket.close", "code": 1008} if kind == "websocket" else sent[0]["status"] == 403


@pytest.mark.parametrize("address", [None, "", "0.0.0.0", "::", "192.168.0.7", "example.org"])
def test_an_address_for_others_is_a_problem(address):
    assert "--server.address 127.0.0.1" in app_guard.problem_of(address)


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost", "::1", "127.0.0.5"])
def test_an_address_of_this_machine_is_none(address):
    assert app_guard.problem_of(address) == ""
