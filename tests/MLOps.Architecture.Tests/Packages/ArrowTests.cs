using Xunit;

namespace MLOps.Architecture.Tests.Packages;

/// <summary>References point down: each package may use those named here and nothing beside or above it.</summary>
public sealed class ArrowTests
{
    private static readonly Dictionary<string, string[]> MayReference = new(StringComparer.Ordinal)
    {
        // level 1
        ["MLOps.Tracking"] = [],
        ["MLOps.Runtime"] = [],
        ["MLOps.Data"] = [],
        // level 2
        ["MLOps.Registry"] = ["MLOps.Tracking"],
        ["MLOps.S3"] = ["MLOps.Tracking"],
        ["MLOps.AzureBlobs"] = ["MLOps.Tracking"],
        ["MLOps.Parquet"] = ["MLOps.Data"],
        // level 3
        ["MLOps.Drift"] = ["MLOps.Registry", "MLOps.Tracking", "MLOps.Runtime", "MLOps.Data"],
        ["MLOps.Training"] = ["MLOps.Registry", "MLOps.Tracking", "MLOps.Runtime", "MLOps.Data"],
        // level 4
        ["MLOps.Sqlite"] = ["MLOps.Registry", "MLOps.Tracking"],
        ["MLOps.Postgres"] = ["MLOps.Registry", "MLOps.Tracking"],
        ["MLOps.MLflow"] = ["MLOps.Registry", "MLOps.Tracking"],
        // level 5
        ["MLOps.Server"] = ["MLOps.Drift", "MLOps.Registry", "MLOps.Tracking"],
        // level 6
        ["MLOps.Cli"] =
        [
            "MLOps.Tracking", "MLOps.Runtime", "MLOps.Data", "MLOps.Registry", "MLOps.S3", "MLOps.AzureBlobs", "MLOps.Parquet", "MLOps.Drift",
            "MLOps.Training", "MLOps.Sqlite", "MLOps.Postgres", "MLOps.MLflow", "MLOps.Server",
        ],
    };

    /// <summary>Families of external packages that one package alone brings in.</summary>
    private static readonly (string Prefix, string Owner)[] Owned =
    [
        ("Microsoft.AspNetCore.", "MLOps.Server"),
        ("TorchSharp", "MLOps.Training"),
        ("Parquet.Net", "MLOps.Parquet"),
        ("Apache.Arrow", "MLOps.Parquet"),
        ("Microsoft.Data.Sqlite", "MLOps.Sqlite"),
        ("SQLitePCLRaw.", "MLOps.Sqlite"),
        ("Npgsql", "MLOps.Postgres"),
        ("AWSSDK.", "MLOps.S3"),
        ("Azure.", "MLOps.AzureBlobs"),
    ];

    private static readonly string[] LevelZero =
    [
        "Microsoft.Extensions.DependencyInjection.Abstractions", "Microsoft.Extensions.Hosting.Abstractions", "Microsoft.Extensions.Logging.Abstractions",
        "Microsoft.Extensions.Diagnostics.HealthChecks.Abstractions", "Microsoft.Extensions.Options", "Microsoft.Extensions.Options.ConfigurationExtensions",
    ];

    [Fact]
    public void Every_package_has_a_place_among_the_levels() =>
        Assert.Equal([], Package.All.Select(p => p.Name).Where(name => !MayReference.ContainsKey(name)));

    [Fact]
    public void No_arrow_goes_sideways_or_up() =>
        Assert.Equal([], Package.All.SelectMany(Violations));

    [Fact]
    public void An_arrow_that_goes_sideways_or_up_is_seen()
    {
        Assert.NotEmpty(Violations(new Package("MLOps.Drift", "", ["MLOps.Training"], [])));
        Assert.NotEmpty(Violations(new Package("MLOps.Registry", "", ["MLOps.Drift"], [])));
        Assert.NotEmpty(Violations(new Package("MLOps.Server", "", ["MLOps.Sqlite"], [])));
    }

    [Fact]
    public void An_external_family_has_one_owner() =>
        Assert.Equal([], Package.All.SelectMany(Intrusions));

    [Fact]
    public void An_external_package_in_the_wrong_place_is_seen()
    {
        Assert.NotEmpty(Intrusions(new Package("MLOps.Tracking", "", [], ["Microsoft.AspNetCore.App"])));
        Assert.NotEmpty(Intrusions(new Package("MLOps.Sqlite", "Microsoft.NET.Sdk.Web", [], [])));
        Assert.NotEmpty(Intrusions(new Package("MLOps.Drift", "", [], ["TorchSharp"])));
        Assert.NotEmpty(Intrusions(new Package("MLOps.Training", "", [], ["TorchSharp-cpu"])));
        Assert.NotEmpty(Intrusions(new Package("MLOps.Data", "", [], ["Parquet.Net"])));
        Assert.NotEmpty(Intrusions(new Package("MLOps.Tracking", "", [], ["Newtonsoft.Json"])));
    }

    private static IEnumerable<string> Violations(Package package) =>
        package.Projects.Except(MayReference.GetValueOrDefault(package.Name, [])).Select(target => $"{package.Name} must not reference {target}");

    private static IEnumerable<string> Intrusions(Package package)
    {
        if (package.Sdk == "Microsoft.NET.Sdk.Web" && package.Name != "MLOps.Server")
            yield return $"{package.Name} must not use the web SDK; only MLOps.Server knows ASP.NET Core";
        foreach (string external in package.Externals)
        {
            foreach ((string prefix, string owner) in Owned)
            {
                if (external.StartsWith(prefix, StringComparison.Ordinal) && package.Name != owner && package.Name != "MLOps.Cli")
                    yield return $"{package.Name} must not reference {external}; that is for {owner}";
            }

            // The program that trains chooses the native half of TorchSharp.
            if (external.StartsWith("TorchSharp-", StringComparison.Ordinal) && package.Name == "MLOps.Training")
                yield return $"{package.Name} must not reference {external}; the program chooses it";
            if (package.Name is "MLOps.Tracking" or "MLOps.Runtime" or "MLOps.Data" && !LevelZero.Contains(external))
                yield return $"{package.Name} must not reference {external}; level 1 stands on the BCL and Microsoft.Extensions abstractions";
        }
    }
}
