"""A campaign against the mirror: it is killed, lied to and robbed of its memory, and in the end everything is compared.

    python -m tests.campaign --database sqlite --engine embedded --kills 1000 --writes 50000 --seed 1

The real worker runs as a process of its own and is killed with SIGKILL at random instants, while this process writes to the
register without a pause. The network in between loses requests and answers and delivers some of them late; the engine is
wiped, restored from an older copy and changed by strangers; the register is put back to an older copy. Then the worker is
left alone until it says that the mirror is in step, and every document is compared with the register.
"""

from tests import postgres


def postgres_is_there() -> bool:
    """Whether this machine has the programs of a PostgreSQL server."""
    return postgres.programs_folder() is not None
