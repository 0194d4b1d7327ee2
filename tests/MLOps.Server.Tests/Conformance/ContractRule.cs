using System.Reflection;

namespace MLOps.Server.Tests.Conformance;

/// <summary>A numbered rule of the contract, one line of <c>rules.csv</c>.</summary>
/// <param name="Number">Its number: <c>5.7</c>.</param>
/// <param name="Title">What it is about.</param>
/// <param name="Reason">Why no test shows it; empty when it applies.</param>
public sealed record ContractRule(string Number, string Title, string Reason)
{
    private const string Prefix = "Rule_";

    /// <summary>All rules in their order.</summary>
    public static IReadOnlyList<ContractRule> All { get; } = [.. ContractTable.Read("rules.csv").Select(cells => new ContractRule(cells[0], cells[1], cells[2]))];

    /// <summary>All test methods of this assembly.</summary>
    public static IReadOnlyList<MethodInfo> Tests { get; } =
    [
        .. typeof(ContractRule).Assembly.GetTypes().SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)).Where(method => method.GetCustomAttribute<FactAttribute>() is not null),
    ];

    /// <summary>The names of the tests that speak of a rule.</summary>
    public static IReadOnlyList<string> TestNames { get; } = [.. Tests.Select(test => test.Name).Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Distinct(StringComparer.Ordinal)];

    /// <summary>What its tests say, in the order of the alphabet.</summary>
    public IReadOnlyList<string> Sentences =>
        [.. TestNames.Where(name => Of(name) == this).Select(name => name[Start.Length..].Replace('_', ' ')).Order(StringComparer.OrdinalIgnoreCase)];

    private string Start => $"{Prefix}{Number.Replace('.', '_')}_";

    /// <summary>The rule that a test's name names, the longest number that fits: <c>Rule_4_250_is_the_limit</c> speaks of rule 4. Null when there is none.</summary>
    public static ContractRule? Of(string test) =>
        All.Where(rule => test.StartsWith(rule.Start, StringComparison.Ordinal)).MaxBy(rule => rule.Start.Length);
}
