using System.Reflection;

namespace MLOps.Training.Tests.Native;

public sealed class NativeExportsTests
{
    /// <summary>Fails when TorchSharp brings a libtorch whose names are others: then the table is to be made anew.</summary>
    [Fact]
    public void Every_name_is_exported_by_the_libtorch_of_this_TorchSharp()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The names are those of Linux on x64.");
        TorchRuntime.Load();
        string[] names = [.. typeof(NativeExports).GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.IsLiteral).Select(field => (string)field.GetRawConstantValue()!)];

        Assert.Equal(13, names.Length);
        Assert.Equal([], names.Where(name => NativeExports.Find(name) == 0));
        Assert.Equal(names.Order(), NativeExports.OfAutocast.Concat(NativeExports.OfDeterminism).Append(NativeExports.CpuCapability).Order());
    }

    [Fact]
    public void A_name_that_is_not_exported_is_not_found_and_named()
    {
        TorchRuntime.Load();

        Assert.Equal(0, NativeExports.Find("_ZN2at8nowhereEv"));
        Assert.False(NativeExports.HasAll([NativeExports.ClearCache, "_ZN2at8nowhereEv"]));
        if (OperatingSystem.IsLinux())
            Assert.StartsWith("this libtorch does not export _ZN2at8nowhereEv;", NativeExports.Explain([NativeExports.ClearCache, "_ZN2at8nowhereEv"]), StringComparison.Ordinal);
    }
}
