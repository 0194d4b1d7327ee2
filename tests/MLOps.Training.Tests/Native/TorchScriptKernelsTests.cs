using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Native;

[Collection("torch")]
public sealed class TorchScriptKernelsTests
{
    [Fact]
    public void This_libtorch_has_the_fused_optimizers()
    {
        Assert.NotNull(TorchScriptKernels.FindAdamW(CPU, ScalarType.Float32));
        Assert.NotNull(TorchScriptKernels.FindSgd(CPU, ScalarType.Float32));
        // What systems go by whose C++ names were not looked up: another version is tried before it is named in TorchScriptKernels.
        Assert.Equal("2.10.0.0", __version__);
    }

    [Fact]
    public void A_type_that_a_kernel_does_not_take_is_no_error() => Assert.Null(TorchScriptKernels.FindAdamW(CPU, ScalarType.Int64));

    [Fact]
    public void A_kernel_that_stores_no_half_precision_is_not_used()
    {
        Assert.Null(TorchScriptKernels.FindSgd(CPU, ScalarType.BFloat16));
        Assert.Null(TorchScriptKernels.FindSgd(CPU, ScalarType.Float16));
    }

    [Fact]
    public void An_operator_that_libtorch_lacks_is_no_error() =>
        Assert.Null(TorchScriptKernels.Compile("def step(x: Tensor) -> Tensor:\n    return torch._fused_nothing_(x)\n\n\n", "_ZN2at4_ops15_fused_nothing_4callERKNS_6TensorE"));
}
