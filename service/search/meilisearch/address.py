"""Where a Meilisearch server listens, as an operator writes it: `http://search:7700`, `https://[::1]/behind/a/proxy/`."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, urlsplit

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """One server. `authority` is what the Host header says, `base` the path in front of every route, without a last slash."""

    secure: bool
    host: str
    port: int
    authority: str
    base: str

    @classmethod
    def parse(cls, url: str) -> Self:
        """Raises `ValueError` for anything but an http or https URL with a host and no credentials, query or fragment."""
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("the address of a Meilisearch server begins with http:// or https:// and names a host")
        if "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError("the address of a Meilisearch server has no user, query or fragment; its key is given apart")
        if not parts.hostname.isascii() or any(letter.isspace() for letter in parts.netloc):
            raise ValueError("the host of a Meilisearch server is written in plain ASCII (an international name as xn--…)")
        port = parts.port or _PORTS[parts.scheme]
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        authority = host if port == _PORTS[parts.scheme] else f"{host}:{port}"
        base = quote(parts.path.rstrip("/"), safe="/%:@!$&'()*+,;=~")
        return cls(parts.scheme == "https", parts.hostname, port, authority, base)

    @property
    def url(self) -> str:
        """The same address in its one normal form, without a last slash."""
        return f"{'https' if self.secure else 'http'}://{self.authority}{self.base}"
