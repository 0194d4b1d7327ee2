#:property PublishAot=false
#:property RestorePackagesWithLockFile=false

// Reads every package in a folder and says what it lacks: readme, licence, docs, symbols, and sources to step into.
using System.IO.Compression;
using System.Reflection.Metadata;
using System.Xml.Linq;

Guid sourceLink = new("CC110556-A091-4D38-9FEC-25AB9A351A6A");
Guid embeddedSource = new("0E8A571B-6926-466E-B4AD-8AB04611F5FE");
string folder = args is [var given] ? given : throw new ArgumentException("usage: check-packages.cs <folder with .nupkg files>");
string[] packages = Directory.GetFiles(folder, "*.nupkg");
List<string> faults = packages.Length == 0 ? [$"{folder} has no packages"] : [];
foreach (string package in packages)
{
    string name = Path.GetFileNameWithoutExtension(package);
    using ZipArchive zip = ZipFile.OpenRead(package);
    XElement metadata = XElement.Load(zip.Entries.Single(entry => entry.FullName.EndsWith(".nuspec", StringComparison.Ordinal)).Open()).Elements().First();
    string? Value(string element) => metadata.Elements().FirstOrDefault(e => e.Name.LocalName == element)?.Value;
    // A tool's package says what its command starts, and has what that needs beside it.
    XElement? tool = zip.GetEntry("tools/net10.0/any/DotnetToolSettings.xml") is { } settings ? XElement.Load(settings.Open()).Descendants("Command").Single() : null;
    string library = tool is null ? $"lib/net10.0/{Value("id")}" : $"tools/net10.0/any/{Path.GetFileNameWithoutExtension(tool.Attribute("EntryPoint")!.Value)}";
    void Demand(bool holds, string what) { if (!holds) faults.Add($"{name}: {what}"); }

    Demand(Value("license") == "MIT", "no MIT licence expression");
    Demand(Value("description")?.Length > 40, "no description");
    Demand(Value("readme") is { } readme && zip.GetEntry(readme)?.Length > 200, "no readme, or one that says nothing");
    Demand(zip.GetEntry($"{library}.dll") is not null, $"no {library}.dll");
    Demand(tool is not null || zip.GetEntry($"{library}.xml")?.Length > 200, $"no docs in {library}.xml");

    string symbols = Path.ChangeExtension(package, ".snupkg");
    if (!File.Exists(symbols))
    {
        faults.Add($"{name}: no symbols package");
        continue;
    }

    using ZipArchive symbolsZip = ZipFile.OpenRead(symbols);
    if (symbolsZip.GetEntry($"{library}.pdb") is not { } pdb)
    {
        faults.Add($"{name}: no {library}.pdb among its symbols");
        continue;
    }

    using MemoryStream bytes = new();
    using (Stream content = pdb.Open())
        content.CopyTo(bytes);
    bytes.Position = 0;
    using MetadataReaderProvider provider = MetadataReaderProvider.FromPortablePdbStream(bytes);
    MetadataReader reader = provider.GetMetadataReader();
    Demand(
        reader.CustomDebugInformation.Select(handle => reader.GetGuid(reader.GetCustomDebugInformation(handle).Kind)).Any(kind => kind == sourceLink || kind == embeddedSource),
        "symbols with neither source link nor embedded sources");
    Console.WriteLine($"{name}: {new FileInfo(package).Length:N0} bytes");
}

foreach (string fault in faults)
    Console.Error.WriteLine(fault);
return faults.Count == 0 ? 0 : 1;
