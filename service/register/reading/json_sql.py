"""SQL that answers in JSON, spelled for SQLite and for PostgreSQL.

Only names from this package's own code are ever put into these strings; values travel as parameters.
"""

# ruff: noqa: S608  only names from this package are put into SQL

from collections.abc import Mapping
from dataclasses import dataclass

from service.register.audience import OFFICE, Audience


@dataclass(frozen=True, slots=True)
class JsonSql:
    """The JSON functions of one dialect, and whom the JSON is for.

    Expressions that are JSON already are marked by `json`, so that they nest as JSON.
    """

    sqlite: bool
    audience: Audience = OFFICE

    def object(self, fields: Mapping[str, str]) -> str:
        """An object whose members are the given expressions, in the given order."""
        pairs = ", ".join(f"'{key}', {expression}" for key, expression in fields.items())
        return f"json_object({pairs})" if self.sqlite else f"json_build_object({pairs})"

    def array(self, item: str, source: str, order: str) -> str:
        """An array of `item` for each row of `source` (what follows FROM), in that order; empty where there is none."""
        rows = f"SELECT {item} AS item FROM {source} ORDER BY {order}"
        if self.sqlite:
            return f"json((SELECT json_group_array(json(item)) FROM ({rows})))"
        return f"coalesce((SELECT json_agg(item) FROM ({rows}) AS rows), '[]'::json)"

    def strings(self, item: str, source: str, order: str) -> str:
        """An array of text values."""
        rows = f"SELECT {item} AS item FROM {source} ORDER BY {order}"
        if self.sqlite:
            return f"json((SELECT json_group_array(item) FROM ({rows})))"
        return f"coalesce((SELECT json_agg(item) FROM ({rows}) AS rows), '[]'::json)"

    def optional(self, condition: str, expression: str) -> str:
        """The JSON expression where the condition holds, else null."""
        case = f"CASE WHEN {condition} THEN {expression} END"
        return f"json({case})" if self.sqlite else case

    def boolean(self, column: str) -> str:
        """A column that SQLite keeps as 0 or 1."""
        return f"json(CASE WHEN {column} THEN 'true' ELSE 'false' END)" if self.sqlite else column

    def instant(self, column: str) -> str:
        """An instant as RFC 3339 in UTC, to the millisecond."""
        if self.sqlite:
            return f"strftime('%Y-%m-%dT%H:%M:%fZ', {column})"
        return f"""to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""

    def first_change(self, column: str, member: str) -> str:
        """A member of the first change that a revision lists in this column."""
        return f"json_extract({column}, '$[0].{member}')" if self.sqlite else f"{column}->0->>'{member}'"

    def stored(self, column: str) -> str:
        """A column that holds JSON."""
        return f"json({column})" if self.sqlite else column


def as_sent(expression: str, *, sqlite: bool) -> str:
    """A JSON expression as it is passed on: without the driver parsing it, and from SQLite as the bytes that it is."""
    return f"CAST({expression} AS BLOB)" if sqlite else f"({expression})::text"


def sent(answered: bytes | str) -> bytes:
    """The bytes of what `as_sent` gave."""
    return answered if isinstance(answered, bytes) else answered.encode()


def same(alias: str, *columns: str) -> dict[str, str]:
    """Members that are called like the columns they come from."""
    return {column: f"{alias}.{column}" for column in columns}
