"""The address of a server is read as an operator writes it, and refused where it cannot be right."""

import pytest

from service.search.meilisearch.address import Address


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://search:7700", Address(False, "search", 7700, "search:7700", "")),
        ("http://127.0.0.1:7700/", Address(False, "127.0.0.1", 7700, "127.0.0.1:7700", "")),
        ("https://search.example.org", Address(True, "search.example.org", 443, "search.example.org", "")),
        ("http://search.example.org:80/a/b/", Address(False, "search.example.org", 80, "search.example.org", "/a/b")),
        ("https://[::1]:7700/meili", Address(True, "::1", 7700, "[::1]:7700", "/meili")),
        ("http://search/검색", Address(False, "search", 80, "search", "/%EA%B2%80%EC%83%89")),
    ],
)
def test_an_address_is_read(url: str, address: Address) -> None:
    assert Address.parse(url) == address


@pytest.mark.parametrize("url", ["http://search:7700", "https://[::1]:7700/meili", "https://search.example.org/a%20b"])
def test_its_normal_form_reads_the_same(url: str) -> None:
    assert Address.parse(url).url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "search:7700",
        "ftp://search",
        "http://",
        "http://user:secret@search",
        "http://search/?a=1",
        "http://search#a",
        "http://검색",
    ],
)
def test_what_cannot_be_an_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="Meilisearch server"):
        Address.parse(url)


def test_a_refusal_does_not_repeat_a_password() -> None:
    with pytest.raises(ValueError, match="key is given apart") as refused:
        Address.parse("http://user:secret@search")
    assert "secret" not in str(refused.value)
