using System.Xml.Linq;

namespace MLOps.Architecture.Tests.Packages;

/// <summary>A project under src/: what it is called and what it references.</summary>
internal sealed record Package(string Name, string Sdk, IReadOnlyList<string> Projects, IReadOnlyList<string> Externals)
{
    /// <summary>What its assembly is called: a tool's as its command.</summary>
    public string Assembly { get; init; } = Name;

    public static IReadOnlyList<Package> All { get; } =
        [.. Repository.Files.Where(f => f.StartsWith("src/", StringComparison.Ordinal) && f.EndsWith(".csproj", StringComparison.Ordinal)).Select(Parse)];

    private static Package Parse(string file)
    {
        XElement project = XElement.Parse(Repository.Read(file));
        return new Package(
            Path.GetFileNameWithoutExtension(file),
            project.Attribute("Sdk")?.Value ?? "",
            [.. Includes(project, "ProjectReference").Select(include => Path.GetFileNameWithoutExtension(include.Replace('\\', '/')))],
            [.. Includes(project, "PackageReference"), .. Includes(project, "FrameworkReference")])
        {
            Assembly = project.Descendants("AssemblyName").SingleOrDefault()?.Value ?? Path.GetFileNameWithoutExtension(file),
        };
    }

    private static IEnumerable<string> Includes(XElement project, string item) =>
        project.Descendants(item).Select(reference => reference.Attribute("Include")?.Value).OfType<string>();
}
