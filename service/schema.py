"""The shape of the database: every table there is, and how a database is brought to it by the migrations.

Moving a database goes through Alembic, whose scripts lie in `migrations/`. On SQLite a migration may rebuild a table, so
foreign keys are off while it runs and checked before it is committed.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Connection, inspect, text
from sqlmodel import SQLModel

import service.access.keys
import service.mirror.tables
import service.register.change
import service.register.engagement
import service.register.external_id
import service.register.organization
import service.register.person
import service.register.replies
import service.register.revision
import service.register.seal
import service.register.topic  # noqa: F401  each import brings its tables into the metadata
from service.database import Database
from service.errors import Unavailable
from service.mirror import capture
from service.register import change
from service.settings import resource

if TYPE_CHECKING:
    from alembic.config import Config

METADATA = SQLModel.metadata

_REVISION = re.compile(r"""^revision: str = ["'](\w+)["']""", re.MULTILINE)
_DOWN_REVISION = re.compile(r"""^down_revision: .* = ["'](\w+)["']""", re.MULTILINE)


def upgrade(database: Database, target: str = "head") -> None:
    """Bring the database to the newest shape, or to `target`; does nothing where it is there already, triggers and all."""
    if target == "head" and _is_current(database):
        return
    from alembic import command

    with _migrating(database) as connection:
        command.upgrade(_config(connection), target)


def _is_current(database: Database) -> bool:
    if current(database) != head():
        return False
    with database.reading() as connection:
        return not missing_triggers(connection)


def missing_triggers(connection: Connection) -> list[str]:
    """The triggers that are not there, or are not what they should be."""
    return [*change.missing(connection), *capture.missing(connection)]


def install_triggers(connection: Connection) -> None:
    """Put every trigger in place, and take in what was written without them; every migration ends with this."""
    change.install(connection)
    capture.install(connection)


def downgrade(database: Database, target: str) -> None:
    """Take the database back to an older shape; what only the newer one can hold is lost."""
    from alembic import command

    with _migrating(database) as connection:
        command.downgrade(_config(connection), target)


def differences(database: Database) -> list[str]:
    """How the database differs from the tables in the code, in Alembic's words and ours; empty when they agree."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with database.reading() as connection:
        found = compare_metadata(MigrationContext.configure(connection), METADATA)
        return [*(str(difference) for difference in found), *_check_differences(connection)]


def _check_differences(connection: Connection) -> list[str]:
    # Alembic does not look at checks, which hold the coded lists: a new code without its migration would be refused by the
    # database. PostgreSQL words a check in its own way but keeps the quoted words, so these are what is compared.
    inspector = inspect(connection)
    found = []
    for table in METADATA.sorted_tables:
        there = {str(check["name"]): _quoted(check["sqltext"]) for check in inspector.get_check_constraints(table.name)}
        wanted = {
            str(check.name): _quoted(str(check.sqltext)) for check in table.constraints if isinstance(check, CheckConstraint)
        }
        names = sorted(name for name in there.keys() | wanted.keys() if there.get(name) != wanted.get(name))
        found += [
            f"check {name} of {table.name}: {there.get(name)} in the database, {wanted.get(name)} in the code" for name in names
        ]
    return found


def _quoted(sql: str) -> list[str]:
    return sorted(set(re.findall(r"'([^']*)'", sql)))


def current(database: Database) -> str | None:
    """The migration that the database stands at, or None for an empty one."""
    with database.reading() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return version


def head() -> str:
    """The newest migration: the one script that no other script comes after.

    Read from the scripts' own lines, because loading Alembic costs a start of the service more than it needs to.
    """
    scripts = [script.read_text(encoding="utf-8") for script in sorted((resource("migrations") / "versions").glob("*.py"))]
    before = {found.group(1) for script in scripts if (found := _DOWN_REVISION.search(script))}
    return next(found.group(1) for script in scripts if (found := _REVISION.search(script)) and found.group(1) not in before)


def require_current(database: Database) -> None:
    """Raise `Unavailable` unless the database stands at the newest migration."""
    there, wanted = current(database), head()
    if there != wanted:
        raise Unavailable(
            f"The database stands at migration {there or 'none'}, this version needs {wanted}: run `engagements migrate`."
        )


def _put_triggers_back(database: Database) -> None:
    with database.reading() as connection:
        whole = not missing_triggers(connection)
    if not whole:
        with database.writing() as connection:
            install_triggers(connection)


@contextmanager
def _migrating(database: Database) -> Iterator[Connection]:
    with database.engine.execution_options(immediate=True).connect() as connection:
        if database.is_sqlite:
            _pragma(connection, "foreign_keys=OFF")
        try:
            with connection.begin():
                if not database.is_sqlite:
                    # Two processes that start at once migrate one after the other; on SQLite the transaction sees to that.
                    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('migrations'))"))
                yield connection
                if database.is_sqlite and (broken := connection.execute(text("PRAGMA foreign_key_check")).first()):
                    raise Unavailable(
                        f"The migration would leave a reference without its record: {tuple(broken)}. Nothing was changed."
                    )
        finally:
            if database.is_sqlite:
                _pragma(connection, "foreign_keys=ON")


def _pragma(connection: Connection, setting: str) -> None:
    # Through the driver, because the pragma is ignored inside a transaction and SQLAlchemy would begin one.
    driver: Any = connection.connection.dbapi_connection
    driver.execute(f"PRAGMA {setting}")


def _config(connection: Connection | None) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resource("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
