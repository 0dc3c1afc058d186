"""The database's own clock, in each dialect: the one clock that every worker shares."""

from datetime import datetime

from sqlalchemy import Connection, text

from service.mirror.tables import TOUCH


def now(connection: Connection) -> str:
    """SQL for this instant."""
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')" if connection.dialect.name == "sqlite" else "clock_timestamp()"


def later(connection: Connection) -> str:
    """SQL for this instant and the parameter `seconds` more."""
    if connection.dialect.name == "sqlite":
        return "strftime('%Y-%m-%d %H:%M:%f000', 'now', '+' || :seconds || ' seconds')"
    return "clock_timestamp() + make_interval(secs => :seconds)"


def read(connection: Connection) -> datetime:
    """This instant, in UTC."""
    question = text(f"SELECT {now(connection)} AS at").columns(at=TOUCH.c.at.type)
    at: datetime = connection.execute(question).scalar_one()
    return at
