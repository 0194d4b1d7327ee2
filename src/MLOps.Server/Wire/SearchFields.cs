using MLOps.Tracking.Search;

namespace MLOps.Server.Wire;

/// <summary>What all searches ask alike: how much, from where, and of which lifecycle.</summary>
internal static class SearchFields
{
    private const int MostConditions = 500;
    private const int MostOrderKeys = 100;

    private static readonly Dictionary<string, int> s_views = new(StringComparer.Ordinal) { ["ACTIVE_ONLY"] = 1, ["DELETED_ONLY"] = 2, ["ALL"] = 3 };

    /// <summary>Which lifecycle a search shows by MLflow's ViewType; null shows both.</summary>
    public static Lifecycle? View(this MlflowFields fields, string name) => fields.Enum(name, s_views, number => number) switch
    {
        2 => Lifecycle.Deleted,
        3 => null,
        _ => Lifecycle.Active,
    };

    /// <summary>The page that <c>max_results</c> and <c>page_token</c> ask for.</summary>
    /// <param name="fields">The request.</param>
    /// <param name="usual">The size when none is asked for; null demands one.</param>
    /// <param name="largest">The largest size.</param>
    public static PageRequest Page(this MlflowFields fields, int? usual, int largest)
    {
        long size = fields.Int64("max_results") ?? usual ?? throw fields.Missing("max_results");
        return size < 1 || size > largest
            ? throw fields.Refuse("max_results", $"a number from 1 to {largest} is expected.")
            : new PageRequest { Size = (int)size, Token = fields.Text("page_token") is { Length: > 0 } token ? token : null };
    }

    /// <summary>Refuses what is more than a store can be asked in one statement.</summary>
    /// <param name="fields">The request.</param>
    /// <param name="filter">Its filter.</param>
    /// <param name="orderKeys">How many keys its order has.</param>
    public static void Bound(this MlflowFields fields, SearchFilter filter, int orderKeys)
    {
        if (filter.Comparisons.Count > MostConditions)
            throw fields.Refuse("filter", $"a filter has at most {MostConditions} conditions; this one has {filter.Comparisons.Count}. Ask in several searches.");
        if (orderKeys > MostOrderKeys)
            throw fields.Refuse("order_by", $"an order has at most {MostOrderKeys} keys; this one has {orderKeys}.");
    }
}
