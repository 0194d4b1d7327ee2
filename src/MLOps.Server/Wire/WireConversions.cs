using MLOps.Server.Wire.Shapes;

namespace MLOps.Server.Wire;

/// <summary>What is alike in the shapes of all entities.</summary>
internal static class WireConversions
{
    /// <summary>Params or tags in ordinal order of their keys; null, which is absent, when there are none.</summary>
    public static IReadOnlyList<WirePair>? ToWire(this IReadOnlyDictionary<string, string> pairs) =>
        pairs.Count == 0 ? null : [.. pairs.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => new WirePair(pair.Key, pair.Value))];

    public static string ToWire(this Lifecycle lifecycle) => lifecycle == Lifecycle.Deleted ? "deleted" : "active";

    /// <summary>The list, or null, which is absent, when it is empty.</summary>
    public static IReadOnlyList<T>? OrAbsent<T>(this IReadOnlyList<T> list) => list.Count == 0 ? null : list;
}
