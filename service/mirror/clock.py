"""The database's own clock, in each dialect: the one clock that every worker shares."""

from sqlalchemy import Connection


def now(connection: Connection) -> str:
    """SQL for this instant."""
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')" if connection.dialect.name == "sqlite" else "clock_timestamp()"


def later(connection: Connection) -> str:
    """SQL for this instant and the parameter `seconds` more."""
    if connection.dialect.name == "sqlite":
        return "strftime('%Y-%m-%d %H:%M:%f000', 'now', '+' || :seconds || ' seconds')"
    return "clock_timestamp() + make_interval(secs => :seconds)"
