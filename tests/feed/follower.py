"""A follower, as an integrator would write it: a copy and a cursor, kept together, and a loop.

    python -m tests.feed.follower URL FILE

It is killed at any moment. What it has taken in and the cursor are written in one transaction, so that neither runs ahead.
"""

import json
import sqlite3
import sys

import httpx


def follow(url: str, file: str) -> None:
    """Follow the changes of the service at this URL into the SQLite file, until killed."""
    copy = sqlite3.connect(file, timeout=30)
    copy.execute("CREATE TABLE IF NOT EXISTS record (id TEXT PRIMARY KEY, noun TEXT, json TEXT)")
    copy.execute("CREATE TABLE IF NOT EXISTS taken (n INTEGER PRIMARY KEY, cursor TEXT, id TEXT, version INTEGER)")
    copy.execute("CREATE TABLE IF NOT EXISTS place (cursor TEXT)")
    copy.commit()
    with httpx.Client(base_url=url, timeout=60) as client:
        while True:
            [cursor] = copy.execute("SELECT max(cursor) FROM place").fetchone()
            asked = {"include": "record", "limit": "7", "wait": "5", **({"after": cursor} if cursor else {})}
            answer = client.get("/v1/changes", params=asked)
            answer.raise_for_status()
            page = answer.json()
            with copy:
                for change in page["items"]:
                    copy.execute(
                        "INSERT INTO taken (cursor, id, version) VALUES (?, ?, ?)",
                        (change["cursor"], change["id"], change["version"]),
                    )
                    if change["record"] is None:
                        copy.execute("DELETE FROM record WHERE id = ?", (change["id"],))
                    else:
                        kept = (change["id"], change["noun"], json.dumps(change["record"], sort_keys=True))
                        copy.execute("INSERT OR REPLACE INTO record VALUES (?, ?, ?)", kept)
                copy.execute("DELETE FROM place")
                copy.execute("INSERT INTO place VALUES (?)", (page["next_cursor"],))


if __name__ == "__main__":
    follow(*sys.argv[1:3])
