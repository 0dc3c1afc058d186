"""The seed: real engagements that come with the service as readable files, and how they are brought into the register.

The files stay as they were written. This room reads them, tells which of them speak of the same person and of the same
meeting, and records the outcome through the register's own verbs, in one transaction. `seed/README.md` says where every
field of the files is kept.
"""

from service.seeding.loading import load
from service.seeding.report import Report

__all__ = ["Report", "load"]
