"""Files in and out: whole registers as JSON Lines, tables as CSV or spreadsheets.

A file is read row by row from where it lies and never held in memory. What is wrong is told by row and column, in English or
Korean, all of it at once. JSON Lines loses nothing and can be read back byte by byte; tables are for people.
"""
