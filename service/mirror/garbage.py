"""What is left over beside the live index: one that was replaced and kept long enough, and strays that nobody knows."""

from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy import select

from service.database import Database
from service.mirror import copies
from service.mirror.copies import Standing
from service.mirror.lease import Lease
from service.mirror.tables import COPY
from service.search.engine import Engine

log = structlog.get_logger()


def collect(database: Database, engine: Engine, lease: Lease, standing: Standing, is_old: Callable[[datetime], bool]) -> None:
    """Forget every replaced copy but the last, and that one too when it is old; remove each index that no copy goes by."""
    retired = [copy for copy in standing.copies if copy.role == "retired"]
    with database.reading() as connection:
        question = select(COPY.c.id, COPY.c.retired_at).where(COPY.c.mirror == lease.mirror)
        since = {copy_id: at for copy_id, at in connection.execute(question) if at is not None}
    for number, copy in enumerate(reversed(retired)):
        if number > 0 or (copy.id in since and is_old(since[copy.id])):
            with lease.writing() as connection:
                copies.forget(connection, copy.id)
    with database.reading() as connection:
        kept = {copy.index for copy in copies.standing(connection, lease.mirror).copies}
    for name in engine.others():
        if name not in kept:
            log.info("stray index removed", mirror=lease.mirror, index=name)
            stray = engine.beside(name)
            stray.clear()
            stray.close()
