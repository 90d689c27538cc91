from __future__ import annotations

import pytest



@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/windows/",
        "/windows/?county=臺北市&kind=school",
        "/site-map/",
        "/accessibility/",
        "/privacy/",
        "/login/",
    ],
)
def test_the_public_pages_open_in_both_languages(client, path):
    joiner = "&" if "?" in path else "?"
    assert 'lang="zh-Hant-TW"' in client.get(path).text
    assert '<html lang="en">' in client.get(f"{path}{joiner}lang=en").text
