"""How the rest of the house looks into the register: one record whole, pages of a list, the history of a record.

Records are put together as JSON by the database itself, in one statement, and handed on as bytes: no rows are turned
into objects that would only be turned into JSON again.
"""
