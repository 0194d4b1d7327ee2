using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>
/// The fused optimizers of libtorch, which TorchSharp does not bind: reached through TorchScript, whose functions may call any operator of libtorch. Each function is compiled once for the process,
/// since TorchSharp never frees a compilation unit.
/// </summary>
/// <remarks>
/// Lists come in as arguments: lists made inside a script are optimised away together with what is written to them. The source ends with a blank line: the compiler of TorchScript wants it.
/// </remarks>
internal static class TorchScriptKernels
{
    private const string AdamWSource = """
        def step(params: List[Tensor], grads: List[Tensor], m: List[Tensor], v: List[Tensor], steps: List[Tensor], lr: float, beta1: float, beta2: float, decay: float, eps: float) -> Tensor:
            none: List[Tensor] = []
            steps[0].add_(1.0)
            torch._fused_adamw_(params, grads, m, v, none, steps, lr=lr, beta1=beta1, beta2=beta2, weight_decay=decay, eps=eps, amsgrad=False, maximize=False)
            return steps[0]

        def guarded_step(params: List[Tensor], grads: List[Tensor], m: List[Tensor], v: List[Tensor], steps: List[Tensor], lr: float, beta1: float, beta2: float, decay: float, eps: float, divisor: Tensor, skip: Tensor) -> Tensor:
            none: List[Tensor] = []
            steps[0].add_(1.0 - skip)
            torch._fused_adamw_(params, grads, m, v, none, steps, lr=lr, beta1=beta1, beta2=beta2, weight_decay=decay, eps=eps, amsgrad=False, maximize=False, grad_scale=divisor, found_inf=skip)
            return steps[0]


        """;

    private const string SgdSource = """
        def step(params: List[Tensor], grads: List[Tensor], momenta: List[Tensor], steps: List[Tensor], lr: float, momentum: float, decay: float, nesterov: bool) -> Tensor:
            steps[0].add_(1.0)
            torch._fused_sgd_(params, grads, momenta, weight_decay=decay, momentum=momentum, lr=lr, dampening=0.0, nesterov=nesterov, maximize=False, is_first_step=False)
            return steps[0]

        def guarded_step(params: List[Tensor], grads: List[Tensor], momenta: List[Tensor], steps: List[Tensor], lr: float, momentum: float, decay: float, nesterov: bool, divisor: Tensor, skip: Tensor) -> Tensor:
            steps[0].add_(1.0 - skip)
            torch._fused_sgd_(params, grads, momenta, weight_decay=decay, momentum=momentum, lr=lr, dampening=0.0, nesterov=nesterov, maximize=False, is_first_step=False, grad_scale=divisor, found_inf=skip)
            return steps[0]


        """;

    private static readonly Lazy<jit.CompilationUnit?> AdamW = new(() => Compile(AdamWSource, "_ZN2at4_ops13_fused_adamw_4callEN3c108ArrayRefINS_6TensorEEES5_S5_S5_S5_S5_dddddbbRKSt8optionalIS4_ES9_"));
    private static readonly Lazy<jit.CompilationUnit?> Sgd = new(() => Compile(SgdSource, "_ZN2at4_ops11_fused_sgd_4callEN3c108ArrayRefINS_6TensorEEES5_S5_ddddbbbRKSt8optionalIS4_ES9_"));
    private static readonly ConcurrentDictionary<(bool IsAdamW, DeviceType Device, int Index, ScalarType Type), bool> Tried = new();

    /// <summary>The fused AdamW, where libtorch has it for this device and type; else null.</summary>
    public static jit.CompilationUnit? FindAdamW(Device device, ScalarType type) =>
        AdamW.Value is { } unit && Works(true, device, type, (line, zero, one) => Run(unit, [new[] { line }, new[] { line.clone() }, new[] { line.clone() }, new[] { line.clone() }, new[] { zero }, .. Numbers(0.1, 0.9, 0.99, 0.1, 0.1), one, zero.clone()])) ? unit : null;

    /// <summary>The fused SGD, where libtorch has it for this device and type; else null.</summary>
    /// <remarks>On CPUs libtorch 2.10's does not store float16 and bfloat16 parameters, and reads their momentum as float32, past its end (aten/src/ATen/native/cpu/FusedSGDKernel.cpp): not used.</remarks>
    public static jit.CompilationUnit? FindSgd(Device device, ScalarType type) =>
        (device.type != DeviceType.CPU || type is ScalarType.Float32 or ScalarType.Float64) && Sgd.Value is { } unit && Works(false, device, type, (line, zero, one) => Run(unit, [new[] { line }, new[] { line.clone() }, new[] { line.clone() }, new[] { zero }, .. Numbers(0.1, 0.9, 0.1), true, one, zero.clone()])) ? unit : null;

    /// <summary>Calls one of a unit's two functions; the guarded one takes a divisor and a skip at the end.</summary>
    /// <remarks>Numbers among the arguments are <see cref="Scalar"/>s that the caller keeps: TorchSharp makes one of a <see langword="double"/> and drops it before the call has read it.</remarks>
    public static void Call(jit.CompilationUnit unit, bool isGuarded, object[] arguments)
    {
        using (no_grad())
            unit.invoke<Tensor>(isGuarded ? "guarded_step" : "step", arguments).Dispose();
        GC.KeepAlive(arguments);
    }

    private static void Run(jit.CompilationUnit unit, object[] arguments) => Call(unit, isGuarded: true, arguments);

    private static IEnumerable<object> Numbers(params double[] values) => values.Select(value => value.ToScalar());

    private static bool Works(bool isAdamW, Device device, ScalarType type, Action<Tensor, Tensor, Tensor> attempt) =>
        Tried.GetOrAdd((isAdamW, device.type, device.index, type), _ =>
        {
            using DisposeScope scope = NewDisposeScope();
            try
            {
                attempt(zeros([16], type, device), zeros([], ScalarType.Float32, device), ones([], ScalarType.Float32, device));
                return true;
            }
#pragma warning disable CA1031 // Which exception says that an operator is missing differs between versions; whatever it is, there is another way to step.
            catch (Exception)
            {
                return false;
            }
#pragma warning restore CA1031
        });

    /// <summary>
    /// Compiles a source whose operator is there. TorchSharp lets the exceptions of TorchScript's compiler through, and one ends the process: so the operator is looked up first, by a name that holds
    /// its arguments' types.
    /// </summary>
    /// <remarks>Where the C++ library names it otherwise (Windows, macOS), the version must be the one that was tried.</remarks>
    internal static jit.CompilationUnit? Compile(string source, string mangledName)
    {
        bool isThere = OperatingSystem.IsLinux() ? HasExport(mangledName) : string.Equals(__version__, "2.10.0.0", StringComparison.Ordinal);
        return isThere ? jit.compile(source) : null;
    }

    private static bool HasExport(string mangledName)
    {
        using Process process = Process.GetCurrentProcess();
        return process.Modules.Cast<ProcessModule>().Any(module =>
            module.ModuleName.StartsWith("libtorch_cpu", StringComparison.Ordinal) && NativeLibrary.TryLoad(module.FileName, out nint library) && NativeLibrary.TryGetExport(library, mangledName, out _));
    }
}
