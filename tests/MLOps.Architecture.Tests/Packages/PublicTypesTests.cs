using System.Globalization;
using System.Reflection;
using System.Text;
using Xunit;

namespace MLOps.Architecture.Tests.Packages;

/// <summary>
/// A public type is a promise; each package has an aim for how many it makes to a program that names the package's own namespace. A namespace below it that a program
/// asks for by itself — to search, to evaluate, to write a back end — has an aim of its own (docs/decisions/0002).
/// </summary>
public sealed class PublicTypesTests
{
    private static readonly Dictionary<string, int> Aims = new(StringComparer.Ordinal)
    {
        ["MLOps.Tracking"] = 60, ["MLOps.Tracking.Artifacts"] = 18, ["MLOps.Tracking.Artifacts.Encryption"] = 5, ["MLOps.Tracking.Artifacts.Transfers"] = 5, ["MLOps.Tracking.Evaluation"] = 15, ["MLOps.Tracking.LoggedModels"] = 12, ["MLOps.Tracking.Search"] = 20, ["MLOps.Tracking.Storage"] = 25,
        ["MLOps.Registry"] = 40, ["MLOps.Registry.Signatures"] = 12, ["MLOps.Registry.Promotions"] = 15, ["MLOps.Registry.Audit"] = 12, ["MLOps.Registry.Events"] = 8, ["MLOps.Registry.Storage"] = 12,
        ["MLOps.Drift"] = 60, ["MLOps.Drift.Statistics"] = 40, ["MLOps.Drift.Streams"] = 15, ["MLOps.Training"] = 50, ["MLOps.Training.Checkpoints"] = 15, ["MLOps.Runtime"] = 12,
        ["MLOps.Server"] = 12, ["MLOps.Cli"] = 0, ["MLOps.Sqlite"] = 5, ["MLOps.Postgres"] = 5, ["MLOps.MLflow"] = 5, ["MLOps.S3"] = 5, ["MLOps.AzureBlobs"] = 5,
    };

    [Fact]
    public void Nothing_makes_half_again_as_many_promises_as_its_aim()
    {
        StringBuilder table = new("public types per package and namespace (aim)\n");
        List<string> over = [];
        foreach (Package package in Package.All)
        {
            // Nested types are cases of their parent: a closed set of outcomes counts once. Doors into namespaces of others belong to the package.
            var rooms = Assembly.Load(package.Assembly).GetExportedTypes()
                .Where(type => !type.IsNested)
                .CountBy(type => type.Namespace!.StartsWith(package.Name, StringComparison.Ordinal) && Aims.ContainsKey(type.Namespace) ? type.Namespace : package.Name)
                .OrderBy(room => room.Key, StringComparer.Ordinal);
            foreach ((string room, int count) in rooms)
            {
                bool hasAim = Aims.TryGetValue(room, out int aim);
                table.Append(CultureInfo.InvariantCulture, $"  {room,-28} {count,4} ({(hasAim ? aim.ToString(CultureInfo.InvariantCulture) : "none")})\n");
                if (hasAim && count * 2 > aim * 3)
                    over.Add($"{room} has {count} public types, aim {aim}");
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine(table.ToString());
        // The runner shows the output of failed tests only; test.sh prints this file.
        string artifacts = Directory.CreateDirectory(Repository.PathOf("artifacts")).FullName;
        File.WriteAllText(Path.Combine(artifacts, "public-types.txt"), table.ToString());
        Assert.Equal([], over);
    }
}
