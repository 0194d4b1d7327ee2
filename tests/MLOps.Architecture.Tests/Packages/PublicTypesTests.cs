using System.Globalization;
using System.Reflection;
using System.Text;
using Xunit;

namespace MLOps.Architecture.Tests.Packages;

/// <summary>A public type is a promise; each package has an aim for how many it makes.</summary>
public sealed class PublicTypesTests
{
    private static readonly Dictionary<string, int> Aims = new(StringComparer.Ordinal)
    {
        ["MLOps.Tracking"] = 60, ["MLOps.Registry"] = 40, ["MLOps.Drift"] = 60, ["MLOps.Training"] = 50,
        ["MLOps.Sqlite"] = 5, ["MLOps.Postgres"] = 5, ["MLOps.MLflow"] = 5, ["MLOps.S3"] = 5, ["MLOps.AzureBlobs"] = 5,
    };

    [Fact]
    public void No_package_makes_half_again_as_many_promises_as_its_aim()
    {
        StringBuilder table = new("public types per package (aim)\n");
        List<string> over = [];
        foreach (Package package in Package.All)
        {
            // Nested types are cases of their parent: a closed set of outcomes counts once.
            int count = Assembly.Load(package.Name).GetExportedTypes().Count(type => !type.IsNested);
            bool hasAim = Aims.TryGetValue(package.Name, out int aim);
            table.Append(CultureInfo.InvariantCulture, $"  {package.Name,-20} {count,4} ({(hasAim ? aim.ToString(CultureInfo.InvariantCulture) : "none")})\n");
            if (hasAim && count * 2 > aim * 3)
                over.Add($"{package.Name} has {count} public types, aim {aim}");
        }

        TestContext.Current.TestOutputHelper?.WriteLine(table.ToString());
        // The runner shows the output of failed tests only; test.sh prints this file.
        string artifacts = Directory.CreateDirectory(Repository.PathOf("artifacts")).FullName;
        File.WriteAllText(Path.Combine(artifacts, "public-types.txt"), table.ToString());
        Assert.Equal([], over);
    }
}
