"""What the register gives out to be handed back, without telling whoever holds it anything: sealed, and open to nobody else.

A cursor of the changes stands at a number, and numbers tell how much there is that a reader may not see. So the same words are
another token each time: a nonce starts the key stream that hides them, and a keyed digest of both tells what was sealed here from
what was not (encrypt, then MAC, with BLAKE2b of RFC 7693 as the pseudorandom function). The secret is made when the register is,
by its migration, and goes along with its backups.
"""

import base64
import hmac
import secrets
from hashlib import blake2b
from typing import Final

from sqlalchemy import Column, LargeBinary
from sqlmodel import Field, SQLModel

from service.database import Database

_SECRET_BYTES: Final = 64
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 12
_LONGEST: Final = 64


class Secret(SQLModel, table=True):
    """The one secret of a register."""

    id: int = Field(default=1, primary_key=True)
    key: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


def new_secret() -> bytes:
    """A secret that nobody can guess."""
    return secrets.token_bytes(_SECRET_BYTES)


class Seal:
    """Closes words of 1 to 64 bytes into a token, and opens it again."""

    def __init__(self, secret: bytes) -> None:
        self._tagging, self._hiding = secret[: _SECRET_BYTES // 2], secret[_SECRET_BYTES // 2 :]

    def close(self, words: bytes) -> str:
        """The words as a token of letters, digits, `-` and `_` (RFC 4648 §5)."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        hidden = self._turned(words, nonce)
        return _written(nonce + hidden + self._tag(nonce + hidden))

    def open(self, token: str) -> bytes:
        """The words of a token. Raises `ValueError` for one that this seal did not close."""
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
        hidden, tag = sealed[:-_TAG_BYTES], sealed[-_TAG_BYTES:]
        # The last letter may hold bits that mean nothing; a token is written in one way only.
        if not hmac.compare_digest(tag, self._tag(hidden)) or _written(sealed) != token:
            raise ValueError("The token was not sealed here")
        return self._turned(hidden[_NONCE_BYTES:], hidden[:_NONCE_BYTES])

    def _tag(self, hidden: bytes) -> bytes:
        return blake2b(hidden, digest_size=_TAG_BYTES, key=self._tagging).digest()

    def _turned(self, words: bytes, nonce: bytes) -> bytes:
        """Hidden, if they are not, and the other way round."""
        if not 0 < len(words) <= _LONGEST:
            raise ValueError(f"1 to {_LONGEST} bytes are sealed, not {len(words)}")
        stream = blake2b(nonce, digest_size=len(words), key=self._hiding).digest()
        return bytes(word ^ other for word, other in zip(words, stream, strict=True))


def _written(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def seal_of(register: Database) -> Seal:
    """The seal of this register."""
    ((secret,),) = register.ask("SELECT key FROM secret", {})
    return Seal(bytes(secret))
