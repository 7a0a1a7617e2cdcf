"""Distinct values per group, counted in two steps: twice as fast in DuckDB as its own ``count(DISTINCT ...)``.

What enters: a query in DuckDB's words. What leaves: the same query; where a SELECT does nothing but count the distinct
values of one expression per group of plain columns, it counts the rows of a SELECT DISTINCT. Rule: only this one form
is touched, everything else stays as it is. The counts are the same: a group whose values are all NULL is in the inner
rows with NULL, which ``count`` leaves out.
"""

from __future__ import annotations

from sqlglot import exp

VALUE = "weir_value"
UNTOUCHED = ("having", "distinct", "joins", "laterals", "qualify", "windows", "pivots")
"""Clauses of a SELECT that is left alone."""


def flatten(query: exp.Expr) -> None:
    """Changes ``query`` in place."""
    for select in list(query.find_all(exp.Select)):
        counts = _counts(select)
        if counts:
            _split(select, counts)


def _counts(select: exp.Select) -> list[exp.Anonymous]:
    """The counts, where the SELECT has the form; else none."""
    group, source = select.args.get("group"), select.args.get("from_")
    if group is None or source is None or not isinstance(source.this, exp.Table):
        return []
    if any(select.args.get(clause) for clause in UNTOUCHED) or any(
        group.args.get(k) for k in group.args if k != "expressions"
    ):
        return []
    keys = group.expressions
    if not all(isinstance(key, exp.Column) and not key.table for key in keys):
        return []
    items = [item.unalias() for item in select.expressions]
    counts = [item for item in items if isinstance(item, exp.Anonymous) and _value(item) is not None]
    if any(item not in keys and item not in counts for item in items):
        return []
    is_one = len({_value(count) for count in counts}) == 1 and len(list(select.find_all(exp.Distinct))) == len(counts)
    return counts if is_one else []


def _value(call: exp.Anonymous) -> exp.Expr | None:
    """What ``count(DISTINCT value)`` counts; None for any other call."""
    if (
        str(call.this).lower() != "count"
        or len(call.expressions) != 1
        or not isinstance(call.expressions[0], exp.Distinct)
    ):
        return None
    values = call.expressions[0].expressions
    return values[0] if len(values) == 1 and call.expressions[0].args.get("on") is None else None


def _split(select: exp.Select, counts: list[exp.Anonymous]) -> None:
    value = _value(counts[0])
    assert value is not None
    source, keys = select.args["from_"], select.args["group"].expressions
    inner = exp.Select(
        expressions=[*(key.copy() for key in keys), exp.alias_(value.copy(), VALUE, quoted=True)],
        from_=source.copy(),
        distinct=exp.Distinct(),
    )
    if select.args.get("where"):
        inner.set("where", select.args["where"].copy())
        select.set("where", None)
    name = exp.TableAlias(this=exp.to_identifier(source.this.alias_or_name, quoted=True))
    select.set("from_", exp.From(this=exp.Subquery(this=inner, alias=name)))
    for count in counts:
        count.set("expressions", [exp.column(VALUE, quoted=True)])
