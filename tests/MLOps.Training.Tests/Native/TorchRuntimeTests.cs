using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Native;

[Collection("torch")]
public sealed partial class TorchRuntimeTests
{
    private const string Library = "libLibTorchSharp.so";
    private const string NewVersion = "GLIBCXX_3.4.32";

    [Fact]
    public void Here_TorchSharp_can_be_used_and_one_line_says_what_it_is()
    {
        TorchRuntimeReport report = TorchRuntime.Check();

        Assert.True(report.IsUsable, report.Summary);
        Assert.Null(report.Problem);
        Assert.Null(report.Advice);
        Assert.Same(report, report.ThrowIfUnusable());
        Assert.Equal("0.107.0", report.TorchSharpVersion);
        Assert.Equal("2.10.0", report.LibtorchVersion);
        Assert.Equal(get_num_threads(), report.Threads);
        Assert.Equal(cuda.is_available(), report.CudaAvailable);
        if (OperatingSystem.IsLinux())
        {
            Assert.Equal(TorchCapabilities.Autocast | TorchCapabilities.FusedAdamW | TorchCapabilities.FusedSgd | TorchCapabilities.DeterministicAlgorithms, report.Capabilities);
            Assert.Matches(SummaryPattern(), report.Summary);
        }

        Assert.Equal(report.Summary, report.ToString());
    }

    [Fact]
    public async Task A_process_whose_libraries_are_whole_says_the_same()
    {
        using VictimFolder folder = Linux();
        folder.LinkNatives();

        (int exitCode, string[] lines) = await folder.RunAsync("check");

        Assert.Equal(0, exitCode);
        Assert.Matches(SummaryPattern(), Assert.Single(lines));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Without_a_native_package_the_package_to_add_is_named(bool hasLibraryOfTorchSharp)
    {
        // The package TorchSharp alone brings its own native library and not libtorch.
        using VictimFolder folder = Linux();
        if (hasLibraryOfTorchSharp)
            folder.LinkNatives("libtorch", "libc10", "libgomp");

        await Says(folder, "the program has no native libtorch. What to do: add the package TorchSharp-cpu 0.107.0 to the program that runs, or for NVIDIA GPUs TorchSharp-cuda-linux or TorchSharp-cuda-windows of this version.");
    }

    [Fact]
    public async Task A_library_that_needs_a_newer_libstdcxx_is_told_from_one_that_is_missing()
    {
        using VictimFolder folder = Linux();
        folder.LinkNatives(Library);
        folder.Write(Library, Demand("GLIBCXX_9.9.99"));

        string newest = await Says(folder, "TorchSharp 0.107.0 needs GLIBCXX_9.9.99 of libstdc++.so.6, this machine has (GLIBCXX_[0-9.]+). What to do: run on a newer system, whose libstdc++.so.6 has it; the .NET 10 default container images are the first to try.");

        // What the loader has, by another way.
        Assert.Contains(Encoding.ASCII.GetBytes($"{newest}\0"), LoadedLibstdcxx());
    }

    [Fact]
    public async Task The_library_as_it_is_shipped_is_usable_or_names_the_systems_that_fit()
    {
        using VictimFolder folder = Linux();
        folder.LinkNatives(Library);
        folder.Write(Library, Demand(NewVersion));

        if (LoadedLibstdcxx().AsSpan().IndexOf(Encoding.ASCII.GetBytes($"{NewVersion}\0")) >= 0)
            Assert.Equal(0, (await folder.RunAsync("check")).ExitCode);
        else
            await Says(folder, "TorchSharp 0.107.0 needs GLIBCXX_3.4.32 of libstdc++.so.6, this machine has (GLIBCXX_3.4.[0-9]+). What to do: run on Ubuntu 24.04+ or Debian 13+; the .NET 10 default container images fit.");
    }

    [Fact]
    public async Task A_missing_dependency_is_named()
    {
        using VictimFolder folder = Linux();
        folder.LinkNatives("libgomp");

        await Says(folder, "the library libgomp-[0-9a-f]+.so.1 is missing, which libtorch needs. What to do: .+");
    }

    /// <summary>The loader would end the process by SIGBUS.</summary>
    [Theory]
    [InlineData(Library)]
    [InlineData("libtorch_cpu.so")]
    [InlineData("libc10.so")]
    public async Task A_library_that_is_cut_is_named_and_not_loaded(string library)
    {
        using VictimFolder folder = Linux();
        folder.LinkNatives(library);
        byte[] start = new byte[100_000];
        using (FileStream whole = File.OpenRead(Path.Combine(VictimFolder.Natives, library)))
            whole.ReadExactly(start);
        folder.Write(library, start);

        await Says(folder, $"{folder.Path}/{library} is damaged: it is truncated: it has 100000 bytes of [0-9]+. What to do: delete it, and its package from the NuGet cache when that has the same fault; restore and build again.");
    }

    [Fact]
    public async Task A_file_that_is_no_library_is_named()
    {
        using VictimFolder folder = Linux();
        folder.LinkNatives(Library);
        folder.Write(Library, "version https://git-lfs.github.com/spec/v1"u8.ToArray());

        await Says(folder, $"{folder.Path}/{Library} is damaged: it is not an ELF file. What to do: .+");
    }

    [Fact]
    public async Task After_a_check_that_failed_the_program_can_still_load_the_library_itself()
    {
        using VictimFolder folder = Linux();

        (int exitCode, string[] lines) = await folder.RunAsync("check", Path.Combine(VictimFolder.Natives, Library));

        Assert.Equal(0, exitCode);
        Assert.StartsWith("TorchSharp can't be used: the program has no native libtorch.", lines[0], StringComparison.Ordinal);
        Assert.Matches(SummaryPattern(), lines[1]);
        Assert.Equal("3", lines[2]);
    }

    [Fact]
    public void What_can_not_be_used_is_thrown_with_its_report()
    {
        TorchRuntimeReport report = new() { Problem = "no library", Advice = "get one" };

        TorchUnusableException error = Assert.Throws<TorchUnusableException>(() => report.ThrowIfUnusable());

        Assert.Same(report, error.Report);
        Assert.Equal("TorchSharp can't be used: no library. What to do: get one.", error.Message);
        Assert.False(report.IsUsable);
    }

    [Fact]
    public void Deterministic_mode_fills_new_tensors_with_NaN_and_can_be_left()
    {
        Assert.SkipUnless(TorchRuntime.Check().Capabilities.HasFlag(TorchCapabilities.DeterministicAlgorithms), "Deterministic mode is not to be had here.");
        using DisposeScope scope = NewDisposeScope();
        Assert.False(TorchRuntime.AreAlgorithmsDeterministic);
        try
        {
            TorchRuntime.UseDeterministicAlgorithms();
            Assert.True(TorchRuntime.AreAlgorithmsDeterministic);
            Assert.True(empty(1_000).isnan().all().item<bool>());
            // An operation that PyTorch's documentation names as one without a deterministic algorithm.
            Assert.Contains("deterministic", Assert.Throws<ExternalException>(Put).Message, StringComparison.Ordinal);
        }
        finally
        {
            TorchRuntime.UseDeterministicAlgorithms(false);
        }

        Assert.False(TorchRuntime.AreAlgorithmsDeterministic);
        Put();

        static void Put() => jit.compile("def put(x: Tensor):\n    return x.put_(torch.tensor([1, 1]), torch.tensor([1.0, 2.0]))\n\n\n").invoke<Tensor>("put", zeros(4));
    }

    private static VictimFolder Linux()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The native libraries of these tests are Linux's.");
        return new VictimFolder();
    }

    /// <summary>Runs the check in a folder where it fails, and compares its one line.</summary>
    /// <returns>The first group of the pattern.</returns>
    private static async Task<string> Says(VictimFolder folder, string pattern)
    {
        (int exitCode, string[] lines) = await folder.RunAsync("check");
        Assert.Equal(1, exitCode);
        Match match = Regex.Match(Assert.Single(lines), $"^TorchSharp can't be used: {pattern.Replace("+ or", @"\+ or", StringComparison.Ordinal).Replace("13+;", @"13\+;", StringComparison.Ordinal).Replace("c++", @"c\+\+", StringComparison.Ordinal)}$");
        Assert.True(match.Success, lines[0]);
        return match.Groups[1].Value;
    }

    /// <summary>TorchSharp's library, asking for a version in earnest: the build of these tests makes that need a weak one where the machine lacks the version.</summary>
    private static byte[] Demand(string version)
    {
        byte[] file = File.ReadAllBytes(Path.Combine(VictimFolder.Natives, Library));
        byte[] name = Encoding.ASCII.GetBytes($"{NewVersion}\0");
        int at = file.AsSpan().IndexOf(name);
        // The entry of the version: its flags and its place in the table of names, which begins at the last empty name before it.
        int need = FindNeed(file, at);
        file[need + 4] = 0;
        Encoding.ASCII.GetBytes($"{version}\0").CopyTo(file, at);
        return file;
    }

    private static int FindNeed(byte[] file, int name)
    {
        int sections = BitConverter.ToInt32(file, 0x28), count = BitConverter.ToUInt16(file, 0x3c);
        int section = Enumerable.Range(0, count).Select(i => sections + 64 * i).Single(at => BitConverter.ToUInt32(file, at + 4) == 0x6ffffffe);
        int names = BitConverter.ToInt32(file, sections + 64 * BitConverter.ToInt32(file, section + 40) + 24);
        int start = BitConverter.ToInt32(file, section + 24), length = BitConverter.ToInt32(file, section + 32);
        // Entries are aligned to four bytes and nothing else in the table has this number at this place.
        return Enumerable.Range(0, length / 4 - 4).Select(i => start + 4 * i).Single(at => BitConverter.ToInt32(file, at + 8) == name - names && file[at + 6] is > 0 and < 255);
    }

    private static byte[] LoadedLibstdcxx() =>
        File.ReadAllBytes(File.ReadLines("/proc/self/maps").First(line => line.Contains("/libstdc++.so.6", StringComparison.Ordinal)).Split(' ')[^1]);

    [GeneratedRegex(@"^TorchSharp 0\.107\.0, libtorch 2\.10\.0 \(CPU(, \d+ × CUDA)?, [A-Z0-9 ]+\), \d+ threads?; autocast, fused AdamW, fused SGD, deterministic mode$")]
    private static partial Regex SummaryPattern();
}
