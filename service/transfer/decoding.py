"""What a text file is written in: UTF-8, UTF-16 with a mark, or CP949, which Korean Excel writes and which EUC-KR is a part of.

The whole file is tried, strictly: a file that is read as something that it is not would be recorded wrong, silently.
"""

import codecs
from typing import BinaryIO, Final

from service.transfer.trouble import Unreadable

_CHUNK: Final = 1 << 16
_MARKS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def encoding_of(file: BinaryIO) -> str:
    """The encoding that all of the file can be read in; the file is left at its beginning.

    Raises `Unreadable`, which names the first byte that cannot be read.
    """
    start = file.read(4)
    marked = next((encoding for mark, encoding in _MARKS if start.startswith(mark)), None)
    failed: dict[str, int] = {}
    for encoding in [marked] if marked else ["utf-8", "cp949"]:
        place = _first_bad_byte(file, encoding)
        if place is None:
            file.seek(0)
            return encoding
        failed[encoding] = place
    tried = " nor ".join(f"{encoding} (from byte {place + 1} on)" for encoding, place in failed.items())
    raise Unreadable(f"The file is neither {tried}; save it as UTF-8" if len(failed) > 1 else f"The file is no {tried}")


def _first_bad_byte(file: BinaryIO, encoding: str) -> int | None:
    file.seek(0)
    decoder = codecs.getincrementaldecoder(encoding)()
    read = 0
    while True:
        chunk = file.read(_CHUNK)
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            return max(0, read - pending + error.start)
        if not chunk:
            return None
        read += len(chunk)
