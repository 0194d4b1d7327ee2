namespace MLOps.Registry.Signatures;

/// <summary>Which type takes the values of which other: MLflow's safe conversions, which lose nothing.</summary>
internal static class ColumnTypes
{
    /// <summary>Whether every value of a type is a value of another: equal, int → long, int → double, float → double. A long has more digits than a double, and does not become one.</summary>
    public static bool Widens(ColumnType from, ColumnType to) =>
        from == to || (from, to) is (ColumnType.Integer, ColumnType.Long) or (ColumnType.Integer, ColumnType.Double) or (ColumnType.Float, ColumnType.Double);

    /// <summary>The narrowest type that takes the values of both; null when there is none.</summary>
    public static ColumnType? Join(ColumnType one, ColumnType other) =>
        Widens(one, other) ? other
        : Widens(other, one) ? one
        : Widens(one, ColumnType.Double) && Widens(other, ColumnType.Double) ? ColumnType.Double
        : null;

    /// <summary>The type by MLflow's name.</summary>
    public static string NameOf(ColumnType type) => type switch
    {
        ColumnType.Boolean => "boolean",
        ColumnType.Integer => "integer",
        ColumnType.Long => "long",
        ColumnType.Float => "float",
        ColumnType.Double => "double",
        ColumnType.String => "string",
        ColumnType.Binary => "binary",
        ColumnType.DateTime => "datetime",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "There is no such type of column."),
    };

    /// <summary>The type that MLflow's name means; null when it means none of ours.</summary>
    public static ColumnType? Find(string name) => name switch
    {
        "boolean" => ColumnType.Boolean,
        "integer" => ColumnType.Integer,
        "long" => ColumnType.Long,
        "float" => ColumnType.Float,
        "double" => ColumnType.Double,
        "string" => ColumnType.String,
        "binary" => ColumnType.Binary,
        "datetime" => ColumnType.DateTime,
        _ => null,
    };

    /// <summary>The type that values of a .NET type have; null when they have none.</summary>
    public static ColumnType? Of(Type type) =>
        type == typeof(bool) ? ColumnType.Boolean
        : type == typeof(int) || type == typeof(short) || type == typeof(ushort) || type == typeof(byte) || type == typeof(sbyte) ? ColumnType.Integer
        : type == typeof(long) || type == typeof(uint) ? ColumnType.Long
        : type == typeof(float) || type == typeof(Half) ? ColumnType.Float
        : type == typeof(double) || type == typeof(decimal) ? ColumnType.Double
        : type == typeof(string) ? ColumnType.String
        : type == typeof(byte[]) ? ColumnType.Binary
        : type == typeof(DateTime) || type == typeof(DateTimeOffset) || type == typeof(DateOnly) ? ColumnType.DateTime
        : null;
}
