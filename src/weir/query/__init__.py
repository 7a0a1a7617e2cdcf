"""The query language: ``search | SQL`` in, rows out.

What enters: a snapshot of a logstore, the text of a query, a window, a page and an index. What leaves: an ``Answer``
whose every value is a string, or ``QueryError`` with the line and column of the fault. The rule here: no text of a
caller ever becomes part of a statement unchecked. Values travel as bound parameters, SQL passes through a parser, an
allow-list of constructs and an allow-list of functions.
"""
