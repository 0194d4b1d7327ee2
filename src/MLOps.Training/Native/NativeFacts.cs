using System.Reflection;
using System.Runtime.InteropServices;
using TorchSharp;

namespace MLOps.Training;

/// <summary>What can be seen of TorchSharp's native libraries without using TorchSharp.</summary>
internal sealed record NativeFacts
{
    private static readonly string[] NativeFiles = ["libLibTorchSharp.so", "libtorch*.so", "libc10*.so"];
    private static readonly string[] LibraryFolders = ["/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib", "/lib"];

    /// <summary>The version of the TorchSharp package: <c>0.107.0</c>.</summary>
    public required string TorchSharpVersion { get; init; }

    /// <summary>System and architecture of this process as NuGet calls them: <c>linux-x64</c>, <c>linux-musl-x64</c>.</summary>
    public required string Platform { get; init; }

    /// <summary>Where TorchSharp's own native library is; null when it is nowhere.</summary>
    public string? LibTorchSharp { get; init; }

    /// <summary>Where libtorch_cpu is; null when it is nowhere.</summary>
    public string? Libtorch { get; init; }

    /// <summary>Which of the files can't be a library of Linux, and why; null when all can, and elsewhere.</summary>
    public string? Damage { get; init; }

    /// <summary>The first version that <see cref="LibTorchSharp"/> needs and this machine's library lacks, and the newest that it has; null when there is none.</summary>
    public (string Library, string Version, string? Newest)? MissingVersion { get; init; }

    /// <summary>What the loader said; null when it was not asked.</summary>
    public string? LoaderMessage { get; init; }

    /// <summary>Looks which files are there and whether they are whole, before one of them is loaded.</summary>
    public static NativeFacts Locate()
    {
        NativeFacts facts = new() { TorchSharpVersion = VersionOf(typeof(torch).Assembly), Platform = PlatformOf(), LibTorchSharp = Find("LibTorchSharp"), Libtorch = Find("torch_cpu") };
        string[] folders = [.. new[] { facts.LibTorchSharp, facts.Libtorch }.OfType<string>().Select(file => Path.GetDirectoryName(file)!).Distinct(StringComparer.Ordinal)];
        foreach (string file in OperatingSystem.IsLinux() ? folders.SelectMany(folder => NativeFiles.SelectMany(pattern => Directory.EnumerateFiles(folder, pattern))) : [])
        {
            try
            {
                ElfVersions.CheckLength(file);
            }
            catch (InvalidDataException damage)
            {
                return facts with { Damage = $"{file} is damaged: {damage.Message}" };
            }
        }

        return facts;
    }

    /// <summary>Finds out why the files that were located do not load.</summary>
    public NativeFacts AskWhy()
    {
        if (LibTorchSharp is not { } library)
            return this;
        NativeFacts facts = this;
        if (OperatingSystem.IsLinux())
        {
            try
            {
                facts = facts with { MissingVersion = FindMissingVersion(ElfVersions.Read(File.ReadAllBytes(library)).Needs) };
            }
            catch (InvalidDataException damage)
            {
                return facts with { Damage = $"{library} is damaged: {damage.Message}" };
            }
        }

        return facts with { LoaderMessage = AskLoader(library) };
    }

    /// <summary>The version of a package, from the assembly that it brought.</summary>
    public static string VersionOf(Assembly assembly) =>
        (assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? assembly.GetName().Version?.ToString() ?? "of unknown version").Split('+')[0];

    private static string PlatformOf()
    {
        string system = OperatingSystem.IsWindows() ? "win"
            : OperatingSystem.IsMacOS() ? "osx"
            : !OperatingSystem.IsLinux() ? RuntimeInformation.OSDescription
            : RuntimeInformation.RuntimeIdentifier is var runtime && (runtime.Contains("musl", StringComparison.Ordinal) || runtime.StartsWith("alpine", StringComparison.Ordinal)) ? "linux-musl"
            : "linux";
        return $"{system}-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}";
    }

    /// <summary>Looks where the runtime looks.</summary>
    private static string? Find(string name)
    {
        string file = OperatingSystem.IsWindows() ? $"{name}.dll" : OperatingSystem.IsMacOS() ? $"lib{name}.dylib" : $"lib{name}.so";
        string[] given = (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return given.Append(AppContext.BaseDirectory).Select(folder => Path.Combine(folder, file)).FirstOrDefault(File.Exists);
    }

    private static (string, string, string?)? FindMissingVersion(IReadOnlyList<ElfVersions.Need> needs)
    {
        foreach (var library in needs.Where(need => !need.IsWeak).GroupBy(need => need.Library, StringComparer.Ordinal))
        {
            if (DefinitionsOf(library.Key) is not { } definitions)
                continue;
            string[] missing = [.. library.Select(need => need.Version).Where(version => !definitions.Contains(version, StringComparer.Ordinal)).OrderDescending(NaturalOrder.Instance)];
            if (missing.Length > 0)
                return (library.Key, missing[0], definitions.Where(version => FamilyOf(version) == FamilyOf(missing[0])).Max(NaturalOrder.Instance));
        }

        return null;

        // The family of GLIBCXX_3.4.32 is GLIBCXX_.
        static string FamilyOf(string version) => version[..(version.IndexOf('_', StringComparison.Ordinal) + 1)];
    }

    /// <summary>The versions that a library of this machine offers; null when the library, or what it offers, is not to be found: the loader then says more.</summary>
    private static IReadOnlyList<string>? DefinitionsOf(string library)
    {
        // The library that the loader takes is known once it is loaded; those that matter are the runtime's own, and loaded already.
        NativeLibrary.TryLoad(library, out _);
        string? file = File.ReadLines("/proc/self/maps")
            .Select(line => line.IndexOf('/', StringComparison.Ordinal) is var start && start >= 0 ? line[start..] : "")
            .FirstOrDefault(path => Path.GetFileName(path).StartsWith(library, StringComparison.Ordinal) && File.Exists(path))
            ?? LibraryFolders.Select(folder => Path.Combine(folder, library)).FirstOrDefault(File.Exists);
        try
        {
            return file is null ? null : ElfVersions.Read(File.ReadAllBytes(file)).Definitions is { Count: > 0 } definitions ? definitions : null;
        }
        catch (InvalidDataException)
        {
            // Not a reason to be surer than the loader, which is asked next.
            return null;
        }
    }

    private static string AskLoader(string library)
    {
        try
        {
            NativeLibrary.Load(library);
            return "";
        }
        catch (Exception refusal) when (refusal is DllNotFoundException or BadImageFormatException)
        {
            return refusal.Message;
        }
    }

    /// <summary>Orders versions by their numbers: 3.4.9 before 3.4.30.</summary>
    private sealed class NaturalOrder : IComparer<string>
    {
        public static NaturalOrder Instance { get; } = new();

        public int Compare(string? x, string? y) => StringComparer.Ordinal.Compare(Padded(x), Padded(y));

        private static string Padded(string? version) => string.Join('.', (version ?? "").Split('.', '_').Select(part => part.PadLeft(8, '0')));
    }
}
