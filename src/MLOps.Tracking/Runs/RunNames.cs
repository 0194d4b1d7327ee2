using System.Globalization;

namespace MLOps.Tracking;

/// <summary>Names for runs that were given none: an adjective, an animal and a number, taken from the run's id, so that the same id has the same name.</summary>
public static class RunNames
{
    private static readonly string[] Adjectives =
    [
        "agile", "amber", "bold", "brave", "bright", "calm", "clever", "crisp", "daring", "deft", "eager", "early", "fair", "fleet", "gentle", "glad",
        "grand", "hardy", "humble", "keen", "kind", "lively", "loyal", "lucid", "merry", "mellow", "nimble", "noble", "patient", "proud", "quick", "quiet",
    ];

    private static readonly string[] Animals =
    [
        "badger", "bear", "bee", "crane", "crow", "deer", "dolphin", "eagle", "falcon", "ferret", "finch", "fox", "goose", "hare", "hawk", "heron",
        "ibex", "jay", "koala", "lark", "lion", "lynx", "marten", "mole", "newt", "otter", "owl", "panda", "raven", "robin", "seal", "shrew",
    ];

    /// <summary>The name of a run without one.</summary>
    /// <param name="id">The run.</param>
    /// <returns>The name, for example <c>brave-otter-417</c>.</returns>
    public static string For(RunId id)
    {
        // FNV-1a: the name only has to be stable and spread.
        uint hash = 2166136261;
        foreach (char c in id.Value)
            hash = (hash ^ c) * 16777619;
        return string.Create(CultureInfo.InvariantCulture, $"{Adjectives[hash % 32]}-{Animals[(hash >> 5) % 32]}-{(hash >> 10) % 1000}");
    }
}
