"""Who may talk to the app, and what its pages may load: this machine alone, and nothing but what the app itself serves."""

import base64
import hashlib
import ipaddress
import re

#: Names by which a browser on this machine may call it. Any other in a Host header is a foreign page's trick (DNS rebinding).
HOSTS = ("localhost", "127.0.0.1", "[::1]")


def hash_of(script: str) -> str:
    """Return the source by which a policy allows one inline script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def script_hashes(page: str) -> list[str]:
    """Return the sources by which a policy allows just the inline scripts of a page of HTML."""
    scripts = re.findall(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", page, re.DOTALL | re.IGNORECASE)
    return [hash_of(text) for text in scripts]


def policy(page: str) -> str:
    """Return the content-security policy for Streamlit's one page of HTML.

    Streamlit draws with inline styles, decodes tables in WebAssembly and shows images and downloads as blobs.
    """
    rules = {
        "default-src": "'self'", "script-src": " ".join(["'self'", "'wasm-unsafe-eval'", *script_hashes(page)]),
        "style-src": "'self' 'unsafe-inline'", "worker-src": "'self' blob:", "img-src": "'self' data: blob:",
        "font-src": "'self' data:", "connect-src": "'self' data: blob:", "object-src": "'none'", "base-uri": "'self'",
        "form-action": "'self'", "frame-ancestors": "'none'",
    }  # fmt: skip
    return "; ".join(f"{name} {value}" for name, value in rules.items())


#: What every answer says besides the policy.
HEADERS = {
    "x-frame-options": "DENY", "x-content-type-options": "nosniff", "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}  # fmt: skip


def is_here(address: str) -> bool:
    """Whether an address is this machine's own."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def problem_of(address: str | None) -> str:
    """Say why the app must not listen at an address, or ""."""
    if address and is_here(address):
        return ""
    return f"the app answers this machine alone, and {address or 'no address'} lets others in. Use --server.address 127.0.0.1."


def _is_allowed(scope) -> bool:
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    host = headers.get(b"host", "").lower()
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    origin = headers.get(b"origin")
    own_page = origin is None or origin.lower().partition("://")[2] == host
    client = scope.get("client")
    return name in HOSTS and own_page and (client is None or is_here(client[0]))


class Guard:
    """ASGI middleware: refuses strangers, and gives every answer the `HEADERS` and the policy for `page`."""

    def __init__(self, app, page: str = ""):
        self.app, self.headers = app, HEADERS | {"content-security-policy": policy(page)}

    async def __call__(self, scope, receive, send):
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        if not _is_allowed(scope):
            await self._refuse(scope, receive, send)
            return

        async def guarded(message):
            if message["type"] == "http.response.start":
                given = [(name, value) for name, value in message["headers"] if name.decode().lower() not in self.headers]
                message = {
                    **message,
                    "headers": given + [(name.encode(), value.encode()) for name, value in self.headers.items()],
                }
            await send(message)

        await self.app(scope, receive, guarded)

    async def _refuse(self, scope, receive, send):
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        await send({"type": "http.response.start", "status": 403, "headers": [(b"content-type", b"text/plain; charset=utf-8")]})
        await send(
            {"type": "http.response.body", "body": b"This app answers its own machine alone, at localhost or 127.0.0.1.\n"}
        )
