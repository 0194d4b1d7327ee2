namespace MLOps.Training.Tests.Native;

public sealed class NativeDiagnosisTests
{
    private static readonly NativeFacts Whole = new() { TorchSharpVersion = "0.107.0", Platform = "linux-x64", LibTorchSharp = "app/libLibTorchSharp.so", Libtorch = "app/libtorch_cpu.so", LoaderMessage = "no" };

    [Theory]
    [InlineData("linux-arm64")]
    [InlineData("osx-x64")]
    [InlineData("win-arm64")]
    [InlineData("win-x86")]
    public void A_platform_without_libtorch_is_named(string platform)
    {
        NativeDiagnosis diagnosis = NativeDiagnosis.Of(Whole with { Platform = platform });

        Assert.Equal($"there is no libtorch package for {platform}", diagnosis.Problem);
        Assert.Equal("run on linux-x64, win-x64, osx-arm64", diagnosis.Advice);
    }

    [Fact]
    public void On_Alpine_another_image_is_advised() =>
        Assert.Contains("needs glibc", NativeDiagnosis.Of(Whole with { Platform = "linux-musl-x64" }).Advice, StringComparison.Ordinal);

    [Fact]
    public void A_program_without_a_native_package_is_told_which_to_add()
    {
        NativeDiagnosis neither = NativeDiagnosis.Of(Whole with { LibTorchSharp = null, Libtorch = null });
        NativeDiagnosis managed = NativeDiagnosis.Of(Whole with { Libtorch = null });

        Assert.Equal("the program has no native libtorch", neither.Problem);
        Assert.Equal(neither, managed);
        Assert.StartsWith("add the package TorchSharp-cpu 0.107.0", neither.Advice, StringComparison.Ordinal);
        Assert.Equal("the program has no native library of TorchSharp", NativeDiagnosis.Of(Whole with { LibTorchSharp = null }).Problem);
    }

    [Fact]
    public void An_old_libstdcxx_is_named_with_the_systems_that_fit()
    {
        NativeDiagnosis diagnosis = NativeDiagnosis.Of(Whole with { MissingVersion = ("libstdc++.so.6", "GLIBCXX_3.4.32", "GLIBCXX_3.4.30") });

        Assert.Equal("TorchSharp 0.107.0 needs GLIBCXX_3.4.32 of libstdc++.so.6, this machine has GLIBCXX_3.4.30", diagnosis.Problem);
        Assert.Equal("run on Ubuntu 24.04+ or Debian 13+; the .NET 10 default container images fit", diagnosis.Advice);
    }

    [Fact]
    public void A_missing_dependency_is_named()
    {
        NativeDiagnosis diagnosis = NativeDiagnosis.Of(Whole with { LoaderMessage = "Unable to load shared library 'app/libLibTorchSharp.so' or one of its dependencies. Consider strace:\nlibgomp.so.1: cannot open shared object file: No such file or directory\n" });

        Assert.Equal("the library libgomp.so.1 is missing, which libtorch needs", diagnosis.Problem);
    }

    [Fact]
    public void A_damaged_library_is_named() =>
        Assert.Equal("app/libLibTorchSharp.so is damaged: it is not an ELF file", NativeDiagnosis.Of(Whole with { Damage = "app/libLibTorchSharp.so is damaged: it is not an ELF file" }).Problem);

    [Fact]
    public void On_Windows_the_C_runtime_is_advised() =>
        Assert.Contains("Visual C++ Redistributable", NativeDiagnosis.Of(Whole with { Platform = "win-x64" }).Advice, StringComparison.Ordinal);

    [Fact]
    public void What_the_loader_says_is_given_in_one_line() =>
        Assert.Equal("app/libLibTorchSharp.so does not load: first line second line", NativeDiagnosis.Of(Whole with { LoaderMessage = "first line\r\n\tsecond line\n" }).Problem);
}
