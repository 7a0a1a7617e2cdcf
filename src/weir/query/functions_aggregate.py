"""Aggregates and window functions: many rows in, one value out.

What enters: calls as parsed. What leaves: the engine's. The rule: an estimate (``approx_*``) is answered exactly: any
value within its permitted error is right, and the exact one can be checked. Sources: Presto, "Aggregate functions" and
"Window functions"; SLS, "Aggregate functions", "Comparative period functions".
"""

from __future__ import annotations

from sqlglot import exp

from weir.query.calls import Arguments, Build, Function, Unsuitable, aggregate, call, number, plain
from weir.query.macros import PREFIX

COMPARED_MAX = 10
"""Earlier windows of a query: each is read like the current one. More are refused."""
BINS_MAX = 1000
"""Bins of ``numeric_histogram``. More are refused."""


def _count(args: Arguments) -> exp.Expr:
    return call("count", *args)


def _distinct(args: Arguments) -> exp.Expr:
    return call("count", exp.Distinct(expressions=[args[0]]))


def _count_if(args: Arguments) -> exp.Expr:
    """0 over no rows: DuckDB's count_if is a sum, and NULL there."""
    return call("count", exp.Case(ifs=[exp.If(this=args[0], true=number(1))]))


def _by(name: str) -> Build:
    """``max_by``: the value at the extreme even where it is NULL; with n, the n values in order."""
    return lambda args: call(f"{PREFIX}{name}_n" if len(args) == 3 else f"{name}_null", *args)


def _map_agg(args: Arguments) -> exp.Expr:
    return call("map", call("list", args[0]), call("list", args[1]))


def _compare(args: Arguments) -> exp.Expr:
    """Now, every earlier value, the ratios of now to them; ``args`` as ``compare.expand`` leaves them."""
    lists = [call("list", args[0]), *(call("any_value", values) for values in args[1:])]
    now, *before = (call(PREFIX + "single", values) for values in lists)
    return exp.Array(expressions=[now, *before, *(call(PREFIX + "ratio", now.copy(), one.copy()) for one in before)])


def _ts_compare(args: Arguments) -> exp.Expr:
    """The same, then the second of each earlier time; ``args`` are x, the time, and values and shift in turn."""
    compared = _compare([args[0], *args[2::2]])
    for shift in args[3::2]:
        compared.append("expressions", exp.Sub(this=call("epoch", args[1].copy()), expression=shift))
    return compared


def _geometric_mean(args: Arguments) -> exp.Expr:
    return call("exp", call("avg", call("ln", args[0])))


def _checksum(args: Arguments) -> exp.Expr:
    return call(PREFIX + "checksum", args[0])


def _numeric_histogram(args: Arguments) -> exp.Expr:
    bins = args[0]
    if not isinstance(bins, exp.Literal) or not bins.is_int or not 2 <= int(bins.name) <= BINS_MAX:
        raise Unsuitable(f"the number of bins is a number between 2 and {BINS_MAX}")
    return call(PREFIX + "numeric_histogram", bins, args[1])


AGGREGATES: dict[str, Function] = {
    "count": Function(0, 1, _count, "long", aggregate=True, doc="([x]) Rows, or rows whose x is not null."),
    "sum": aggregate("sum", 1, "(x) Sum."),
    "avg": aggregate("avg", 1, "(x) Mean.", "double"),
    "min": aggregate("min", (1, 2), "(x [, n]) Smallest value, or the array of the n smallest."),
    "max": aggregate("max", (1, 2), "(x [, n]) Largest value, or the array of the n largest."),
    "count_if": Function(1, 1, _count_if, "long", aggregate=True, doc="(condition) Rows for which it is true."),
    "arbitrary": aggregate("any_value", 1, "(x) Some value that is not null."),
    "any_value": aggregate("any_value", 1, "(x) Some value that is not null."),
    "array_agg": aggregate("list", 1, "(x) All values as an array.", "array"),
    "histogram": aggregate("histogram", 1, "(x) Map from value to its number of rows.", "map"),
    "numeric_histogram": Function(2, 2, _numeric_histogram, "map", aggregate=True,
        doc="(n, x) Map from the mean of a bin to its number of rows: every value where there are at most n, else n"
        " bins of equal width."),
    "approx_distinct": Function(1, 2, _distinct, "long", aggregate=True,
        doc="(x [, e]) Number of different values; exact, whatever the permitted error e."),
    "approx_percentile": aggregate("quantile_disc", 2, "(x, p) Value at the share p of the order, or at each of an"
        " array of shares; exact."),
    "max_by": Function(2, 3, _by("arg_max"), aggregate=True, doc="(x, y [, n]) x where y is largest, or the n such x."),
    "min_by": Function(2, 3, _by("arg_min"), aggregate=True,
        doc="(x, y [, n]) x where y is smallest, or the n such x."),
    "map_agg": Function(2, 2, _map_agg, "map", aggregate=True, doc="(k, v) Map of all pairs; a key occurs once."),
    "geometric_mean": Function(1, 1, _geometric_mean, "double", aggregate=True, doc="(x) Geometric mean."),
    "checksum": Function(1, 1, _checksum, "text", aggregate=True,
        doc="(x) 16 hexadecimal digits that do not depend on the order of the rows; not the digits of Presto."),
    "compare": Function(2, 1 + COMPARED_MAX, _compare, "array", aggregate=True,
        doc="(x, n [, n2 ...]) Array of x now, x n seconds earlier and so on, then the ratios of now to each."),
    "bitwise_and_agg": aggregate("bit_and", 1, "(x) AND of all bits.", "long"),
    "bitwise_or_agg": aggregate("bit_or", 1, "(x) OR of all bits.", "long"),
    "bool_and": aggregate("bool_and", 1, "(condition) Whether it is true in every row.", "bool"),
    "bool_or": aggregate("bool_or", 1, "(condition) Whether it is true in any row.", "bool"),
    "every": aggregate("bool_and", 1, "(condition) Whether it is true in every row.", "bool"),
    **{
        name: aggregate(target, 1, f"(x) {doc}", "double")
        for name, target, doc in (
            ("stddev", "stddev_samp", "Standard deviation of a sample."),
            ("stddev_samp", "stddev_samp", "Standard deviation of a sample."),
            ("stddev_pop", "stddev_pop", "Standard deviation of the whole."),
            ("variance", "var_samp", "Variance of a sample."),
            ("var_samp", "var_samp", "Variance of a sample."),
            ("var_pop", "var_pop", "Variance of the whole."),
            ("skewness", "skewness", "Skewness."),
            ("kurtosis", "kurtosis", "Excess kurtosis."),
        )
    },
    **{
        name: aggregate(name, 2, f"(y, x) {doc}", "double")
        for name, doc in (
            ("corr", "Correlation."),
            ("covar_pop", "Covariance of the whole."),
            ("covar_samp", "Covariance of a sample."),
            ("regr_slope", "Slope of the regression line."),
            ("regr_intercept", "Intercept of the regression line."),
        )
    },
}  # fmt: skip

TS_COMPARE = Function(2, 1 + COMPARED_MAX, _ts_compare, "array", aggregate=True,
    doc="(x, n [, n2 ...]) As compare, followed by the Unix time of each earlier value; grouped by one time column.",
)  # fmt: skip

WINDOWS: dict[str, Function] = {
    "row_number": plain("row_number", 0, "() Place in the partition, from 1.", "long"),
    "rank": plain("rank", 0, "() Place; equal rows share one and leave a gap behind.", "long"),
    "dense_rank": plain("dense_rank", 0, "() Place; equal rows share one, without a gap.", "long"),
    "percent_rank": plain("percent_rank", 0, "() Rank as a share from 0 to 1.", "double"),
    "cume_dist": plain("cume_dist", 0, "() Share of rows up to this one.", "double"),
    "ntile": plain("ntile", 1, "(n) Which of n equal parts.", "long"),
    "lag": plain("lag", (1, 3), "(x [, n [, default]]) x of the row n before."),
    "lead": plain("lead", (1, 3), "(x [, n [, default]]) x of the row n behind."),
    "first_value": plain("first_value", 1, "(x) x of the first row of the frame."),
    "last_value": plain("last_value", 1, "(x) x of the last row of the frame."),
    "nth_value": plain("nth_value", 2, "(x, n) x of the n-th row of the frame."),
}
