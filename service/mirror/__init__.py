"""The sync: every committed change of the register reaches every mirror, in an order that converges to what is true now.

    a change commits      triggers of the database write a *touch* for each row that changed           capture
    fold                  touches become dirty documents in the *ledger* of every mirror               fold
    choose and build      the oldest dirty documents, made from the rows as they are now               batch
    prepare               a *batch* row with its items is committed before anything is sent            batch
    send and settle       one sender a mirror, by *lease*; only the engine's final word counts         sender
    acknowledge           clean only if the document was not touched again meanwhile                   batch

This room knows the register and the engines; it knows nothing of HTTP. The contract stands in full in `contract.md`.
"""
