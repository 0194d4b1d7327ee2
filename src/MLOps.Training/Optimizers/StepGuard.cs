using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>What a <see cref="GradientControl"/> says, on the device of one buffer.</summary>
internal readonly struct StepGuard(GradientControl control, Device device)
{
    /// <summary>What gradients are divided by; null for 1.</summary>
    public Tensor? Divisor { get; } = On(control.Divisor, device);

    /// <summary>1 to skip the step, 0 to take it; null for 0.</summary>
    public Tensor? Skip { get; } = On(control.Skip, device);

    public bool IsNeeded => Divisor is not null || Skip is not null;

    /// <summary>Writes <paramref name="value"/> into <paramref name="target"/> unless the step is skipped. What is skipped keeps its bits whatever the value is, not-a-number included.</summary>
    public void Put(Tensor target, Tensor value) => target.copy_(Skip is null ? value : torch.where(Skip.to(ScalarType.Bool), target.to(value.dtype), value));

    private static Tensor? On(Tensor? tensor, Device device) =>
        tensor is null || (tensor.device_type == device.type && (device.index < 0 || tensor.device_index == device.index)) ? tensor : tensor.to(device);
}
