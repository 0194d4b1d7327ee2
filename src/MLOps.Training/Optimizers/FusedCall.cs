using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>The call of a fused optimizer on one buffer. Its arguments are made once: only the learning rate, the divisor and the skip change between steps.</summary>
internal sealed class FusedCall : IDisposable
{
    private readonly jit.CompilationUnit _unit;
    private readonly object[] _plain;
    private readonly object[] _guarded;
    private readonly int _ratePlace;
    private readonly Tensor _one;
    private readonly Tensor _zero;
    private double _rate = double.NaN;

    /// <param name="unit">From <see cref="TorchScriptKernels"/>.</param>
    /// <param name="lists">The tensors, list by list.</param>
    /// <param name="numbers">What follows the learning rate.</param>
    /// <param name="flags">What follows the numbers.</param>
    /// <param name="device">The device of the buffer.</param>
    public FusedCall(jit.CompilationUnit unit, Tensor[][] lists, double[] numbers, bool[] flags, Device device)
    {
        (_unit, _ratePlace) = (unit, lists.Length);
        _plain = [.. lists, 0, .. numbers.Select(number => number.ToScalar()), .. flags.Select(flag => (object)flag)];
        _guarded = [.. _plain, 0, 0];
        _one = ones([], ScalarType.Float32, device).DetachFromDisposeScope();
        _zero = zeros([], ScalarType.Float32, device).DetachFromDisposeScope();
    }

    public void Run(double learningRate, StepGuard guard)
    {
        if (learningRate != _rate)
        {
            (_plain[_ratePlace] as IDisposable)?.Dispose();
            _plain[_ratePlace] = _guarded[_ratePlace] = learningRate.ToScalar();
            _rate = learningRate;
        }

        if (guard.IsNeeded)
            (_guarded[^2], _guarded[^1]) = (guard.Divisor ?? _one, guard.Skip ?? _zero);
        TorchScriptKernels.Call(_unit, guard.IsNeeded, guard.IsNeeded ? _guarded : _plain);
    }

    public void Dispose()
    {
        foreach (Scalar scalar in _plain.OfType<Scalar>())
            scalar.Dispose();
        _one.Dispose();
        _zero.Dispose();
    }
}
