using System.Reflection;
using System.Text.RegularExpressions;

namespace MLOps.Server.Tests.Conformance;

/// <summary>An endpoint of MLflow's protocol, one line of <c>endpoints.csv</c>.</summary>
/// <param name="Method">The HTTP method; <c>*</c> where the contract names none.</param>
/// <param name="Path">The path below its base; what stands in braces varies.</param>
/// <param name="Since">The version of MLflow that brought it; <c>-</c> for one that 2.x had.</param>
/// <param name="Family">What it is about.</param>
/// <param name="Base">What comes before the path.</param>
public sealed partial record ContractEndpoint(string Method, string Path, string Since, string Family, string Base)
{
    /// <summary>All that the contract lists.</summary>
    public static IReadOnlyList<ContractEndpoint> All { get; } =
        [.. ContractTable.Read("endpoints.csv").Select(cells => new ContractEndpoint(cells[0], cells[1], cells[2], cells[3], cells[4]))];

    /// <summary>The endpoints that tests say they show, by the name of the test.</summary>
    public static IReadOnlyList<(string Endpoint, string Test)> Shown { get; } =
    [
        .. ContractRule.Tests.SelectMany(test => test.GetCustomAttributes<EndpointAttribute>().Select(shown => (shown.Endpoint.Split('?')[0], $"{test.DeclaringType!.Name}.{test.Name}"))),
    ];

    /// <summary>What a test calls it by.</summary>
    public string Name => $"{Method} {Path}";

    public bool IsServed => Shown.Any(shown => string.Equals(shown.Endpoint, Name, StringComparison.Ordinal));

    /// <summary>An address that would be its.</summary>
    public string Address => Base + Variable().Replace(Path, "x");

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Variable();
}
