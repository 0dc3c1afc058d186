"""The mirror's mark on the folder, by which it knows it again after a restart, and an older copy of it from the newest."""

from pathlib import Path
from typing import Any, Final

from service.search.embedded.placing import place, placed
from service.search.engine import EngineDown, Marker

_FILE: Final = "marker.json"


def read(path: Path) -> Marker | None:
    """The marker of the indexes below a path; None where there is none, or none that can be understood."""
    try:
        found: Any = placed(path / _FILE)
    except OSError as error:
        raise EngineDown(f"The marker of the embedded index cannot be read: {error}") from error
    match found:
        case {"watermark": bool()}:
            return None
        case {"register": str(register), "instance": str(instance), "watermark": int(watermark)}:
            return Marker(register, instance, watermark)
    return None


def write(path: Path, marker: Marker) -> None:
    """Replace the marker; it is on the disk when this returns."""
    content = {"register": marker.register, "instance": marker.instance, "watermark": marker.watermark}
    try:
        path.mkdir(parents=True, exist_ok=True)
        place(path / _FILE, content)
    except OSError as error:
        raise EngineDown(f"The marker of the embedded index cannot be written: {error}") from error
