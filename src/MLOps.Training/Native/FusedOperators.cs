using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>Which fused optimizers this libtorch has on the CPU: each takes one step of a parameter, by TorchScript, the door to operators that TorchSharp does not name.</summary>
internal static class FusedOperators
{
    // The compiler of TorchScript wants a blank line at the end.
    private const string AdamW = """
        def step(p: List[Tensor], g: List[Tensor], m: List[Tensor], v: List[Tensor], x: List[Tensor], s: List[Tensor]):
            torch._fused_adamw_(p, g, m, v, x, s, lr=0.5, beta1=0.9, beta2=0.999, weight_decay=0.0, eps=1e-8, amsgrad=False, maximize=False)
            return p[0]


        """;

    private const string Sgd = """
        def step(p: List[Tensor], g: List[Tensor], m: List[Tensor]):
            torch._fused_sgd_(p, g, m, weight_decay=0.0, momentum=0.0, lr=0.5, dampening=0.0, nesterov=False, maximize=False, is_first_step=True)
            return p[0]


        """;

    private static readonly Lazy<TorchCapabilities> Found = new(Try);

    /// <summary><see cref="TorchCapabilities.FusedAdamW"/> and <see cref="TorchCapabilities.FusedSgd"/>, as far as they work.</summary>
    public static TorchCapabilities Find() => Found.Value;

    private static TorchCapabilities Try()
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        return (Works(AdamW, One(), One(), Zero(), Zero(), None(), One()) ? TorchCapabilities.FusedAdamW : TorchCapabilities.None)
            | (Works(Sgd, One(), One(), None()) ? TorchCapabilities.FusedSgd : TorchCapabilities.None);

        // 0-d, as the step count of AdamW has to be.
        Tensor[] One() => [ones([])];
        Tensor[] Zero() => [zeros([])];
        Tensor[] None() => [];
    }

    /// <summary>Whether a step of rate ½ from 1 with the gradient 1 leads to ½: both rules say so.</summary>
    private static bool Works(string source, params object[] arguments)
    {
        try
        {
            using jit.CompilationUnit unit = jit.compile(source);
            return unit.invoke<Tensor>("step", arguments) is { } result && Math.Abs(result.item<float>() - 0.5f) < 1e-6f;
        }
        catch (ExternalException)
        {
            // No such operator, or none for the CPU: libtorch says so by an error.
            return false;
        }
    }
}
