"""Writes without a pause, of every kind that makes a document stale."""

import random

from sqlalchemy import text

from service.database import Database
from service.errors import Problem
from service.register.engagement import EngagementShape, ParticipationShape
from service.register.person import PersonShape
from service.register.verbs import recording, revising
from service.register.verbs.journal import Actor

BY = Actor("campaign")
PEOPLE = 20


class Writer:
    """What this process writes; the register itself is the only memory of it."""

    def __init__(self, database: Database, chance: random.Random, most: int) -> None:
        self.database = database
        self.chance = chance
        self.most = most
        self.writes = 0
        with database.writing() as connection:
            made = recording.record(connection, "person", [PersonShape(name_en=f"Person {n}") for n in range(PEOPLE)], by=BY)
        self.people = [each["id"] for each in made]

    def write(self) -> None:
        """One write."""
        kinds = (self._record, self._revise, self._revise, self._withdraw, self._restore, self._rename, self._raw, self._close)
        try:
            self.chance.choice(kinds)()
        except Problem:
            return  # Somebody put the register back meanwhile, or there is nothing to do this to.
        self.writes += 1

    def overtake(self, ids: set[str]) -> bool:
        """Change those of these engagements that are not withdrawn; whether there was one."""
        with self.database.writing() as connection:
            there = connection.execute(text("SELECT id FROM engagement WHERE withdrawn_at IS NULL")).scalars()
            changes = {each: {"title_en": self._title()} for each in sorted(ids.intersection(there))}
            if changes:
                revising.revise(connection, "engagement", changes, by=BY)
        self.writes += len(changes)
        return bool(changes)

    def _title(self) -> str:
        return f"Meeting {self.chance.getrandbits(48):012x}"

    def _some(self, withdrawn: bool) -> str:
        state = "IS NOT NULL" if withdrawn else "IS NULL"
        with self.database.reading() as connection:
            ids = connection.execute(text(f"SELECT id FROM engagement WHERE withdrawn_at {state} ORDER BY id")).scalars().all()
        if not ids:
            raise Problem("there is none")
        return str(self.chance.choice(ids))

    def _count(self) -> int:
        with self.database.reading() as connection:
            return int(connection.execute(text("SELECT count(*) FROM engagement")).scalar_one())

    def _record(self) -> None:
        if self._count() >= self.most:
            return self._revise()
        part = ParticipationShape(side="counterpart", person=self.chance.choice(self.people))
        shape = EngagementShape(kind="meeting", title_en=self._title(), participations=[part])
        with self.database.writing() as connection:
            recording.record(connection, "engagement", [shape], by=BY)
        return None

    def _revise(self) -> None:
        change = {self._some(False): {"title_en": self._title()}}
        with self.database.writing() as connection:
            revising.revise(connection, "engagement", change, by=BY)

    def _close(self) -> None:
        change = {self._some(False): {"visibility": self.chance.choice(("public", "internal", "confidential"))}}
        with self.database.writing() as connection:
            revising.revise(connection, "engagement", change, by=BY)

    def _withdraw(self) -> None:
        with self.database.writing() as connection:
            revising.withdraw(connection, "engagement", [self._some(False)], by=BY)

    def _restore(self) -> None:
        with self.database.writing() as connection:
            revising.restore(connection, "engagement", [self._some(True)], by=BY)

    def _rename(self) -> None:
        change = {self.chance.choice(self.people): {"name_en": f"Person {self.chance.getrandbits(32):08x}"}}
        with self.database.writing() as connection:
            revising.revise(connection, "person", change, by=BY)

    def _raw(self) -> None:
        """Another program's statement over many rows."""
        with self.database.writing() as connection:
            values = {"note": self._title(), "some": f"%{self.chance.choice('0123456789abcdef')}"}
            connection.execute(text("UPDATE engagement SET note = :note WHERE id LIKE :some"), values)
