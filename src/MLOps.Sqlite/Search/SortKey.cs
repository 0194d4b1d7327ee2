using MLOps.Sqlite.Connections;
using MLOps.Tracking.Search;

namespace MLOps.Sqlite.Search;

/// <summary>One key of an order in SQL. What is missing comes last in both directions, NaN before it.</summary>
/// <param name="Value">The value; NULL where it is missing or NaN.</param>
/// <param name="IsPresent">For metrics, which may be NaN: whether there is one. Null for other fields.</param>
/// <param name="IsText">Whether it is a text; else a number.</param>
/// <param name="IsDescending">Largest first.</param>
internal sealed record SortKey(Sql Value, Sql? IsPresent, bool IsText, bool IsDescending)
{
    /// <summary>Whether it may be missing. Default: yes.</summary>
    public bool IsNullable { get; init; } = true;

    /// <summary>What stands for the key in an <c>ORDER BY</c>.</summary>
    public Sql Order
    {
        get
        {
            // Indexes are in SQLite's order, in which NULL is the least.
            Sql value = Sql.Of($"{Value} {Sql.Of(IsDescending ? "DESC" : IsNullable ? "ASC NULLS LAST" : "ASC")}");
            return IsPresent is null ? value : Sql.Of($"{IsPresent} DESC, {value}");
        }
    }

    /// <summary>The columns from which <see cref="Read"/> reads the key.</summary>
    public Sql Columns => Sql.Of($"{Value}, {IsPresent ?? Sql.Of("1")}");

    /// <summary>Reads the key of a found row and moves on to the next.</summary>
    public OrderValue Read(Statement row, ref int column)
    {
        int at = column;
        column += 2;
        if (!row.IsNull(at))
            return IsText ? new OrderValue.Text(row.Text(at)) : new OrderValue.Number(row.Double(at));
        return IsPresent is not null && row.Int64(at + 1) == 1 ? new OrderValue.NaN() : new OrderValue.Missing();
    }

    /// <summary>The condition that a row comes after a place in an order; null when none can.</summary>
    public static Sql? After(ReadOnlySpan<SortKey> order, ReadOnlySpan<OrderValue> place)
    {
        if (order.IsEmpty)
            return null;
        Sql? later = order[0].After(place[0]), rest = After(order[1..], place[1..]);
        Sql? same = rest is null ? null : Sql.Of($"{order[0].IsAt(place[0])} AND {rest}");
        return (later, same) switch
        {
            (null, _) => same,
            (_, null) => later,
            _ => Sql.Of($"({later} OR ({same}))"),
        };
    }

    /// <summary>The condition that a row that has the key is at a place or after it: what an index can answer.</summary>
    public Sql Bound(OrderValue place) => (place, IsDescending) switch
    {
        (OrderValue.Number { Value: var number }, true) => Sql.Of($"{Value} <= {number}"),
        (OrderValue.Number { Value: var number }, false) => Sql.Of($"{Value} >= {number}"),
        (OrderValue.Text { Value: var text }, true) => Sql.Of($"{Value} <= {text}"),
        (OrderValue.Text { Value: var text }, false) => Sql.Of($"{Value} >= {text}"),
        _ => Sql.Of("1"),
    };

    private Sql? After(OrderValue place) => place switch
    {
        OrderValue.Missing => null,
        OrderValue.NaN => IsPresent is null ? null : Sql.Of($"NOT {IsPresent}"),
        _ when !IsNullable => Sql.Of($"{Value} {Sql.Of(IsDescending ? "<" : ">")} {Placeholder(place)}"),
        _ => Sql.Of($"({Value} {Sql.Of(IsDescending ? "<" : ">")} {Placeholder(place)} OR {Value} IS NULL)"),
    };

    private Sql IsAt(OrderValue place) => place switch
    {
        OrderValue.Missing => IsPresent is null ? Sql.Of($"{Value} IS NULL") : Sql.Of($"NOT {IsPresent}"),
        OrderValue.NaN => IsPresent is null ? Sql.Of("0") : Sql.Of($"{IsPresent} AND {Value} IS NULL"),
        _ => Sql.Of($"{Value} = {Placeholder(place)}"),
    };

    private static Sql Placeholder(OrderValue place) => place switch
    {
        OrderValue.Number { Value: var number } => Sql.Of($"{number}"),
        OrderValue.Text { Value: var text } => Sql.Of($"{text}"),
        _ => throw new ArgumentOutOfRangeException(nameof(place), place, "Only a number or a text has a placeholder."),
    };
}
