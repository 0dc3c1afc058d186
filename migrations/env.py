"""How Alembic reaches the register's database; every migration ends with the triggers that notice changes.

`service.migrations` brings a connection of its own. From Alembic's command line (`alembic revision --autogenerate`) the
database of the environment's settings is used.
"""

from alembic import context
from sqlalchemy import Connection

from service.database import Database
from service.schema import METADATA, install_triggers
from service.settings import load


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_server_default=False,
    )
    with context.begin_transaction():
        context.run_migrations()
    if not context.config.attributes.get("comparing"):
        install_triggers(connection)


if (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    with Database(load().database).writing() as own:
        run(own)
