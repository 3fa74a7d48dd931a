"""Pages carry a policy that allows what the build wrote, and nothing else."""

import base64
import hashlib
import re

import pytest

from agnbook.press import content_policy

PAGE = (
    '<html><head lang="en"><meta charset="utf-8"><script>let a = 1;</script><script src="x.js">ignored</script></head>'
    '<body><button onclick="go(&quot;x&quot;)">x</button></body></html>'
)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _scripts(page: str) -> set[str]:
    content = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)[1]
    rules = dict(rule.split(" ", 1) for rule in content.split("; "))
    assert rules["default-src"] == "'self' file:" and rules["object-src"] == "'none'" and "http" not in content
    return set(rules["script-src"].split())


def test_what_the_build_wrote_is_allowed_by_its_hash(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.html").write_text(PAGE)
    (tmp_path / "sub" / "b.html").write_text(PAGE.replace("let a = 1;", "let b = 2;").replace("go(", "come("))
    content_policy.write(tmp_path)
    first, second = ((tmp_path / name).read_text() for name in ("a.html", "sub/b.html"))
    common = {"'self'", "file:", "'unsafe-hashes'", _hash('go("x")'), _hash('come("x")')}
    assert _scripts(first) == common | {_hash("let a = 1;")} and _scripts(second) == common | {_hash("let b = 2;")}
    assert first.index("Content-Security-Policy") < first.index("<script>"), "before the first script"
    assert first.replace(re.search(r"\n    <meta http-equiv.*?>", first)[0], "") == PAGE
    content_policy.write(tmp_path)
    assert (tmp_path / "a.html").read_text() == first, "once"


@pytest.mark.parametrize("page", ["", "no markup", "<html><body>x</body></html>"])
def test_what_is_no_page_stays(page):
    assert content_policy.add(page) == page
