"""The verbs of the register, the only writer there is: record, revise, withdraw, restore, merge, unmerge.

A verb takes a connection inside a writing transaction (`Database.writing`), so that whoever calls it may keep something of
their own in the same transaction, and either all of it is kept or nothing. Each verb leaves a revision for every record
that it changed, and takes one record or many.
"""
