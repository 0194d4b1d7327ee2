using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Precision;

[Collection("torch")]
public sealed class AutocastTests : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly nn.Module<Tensor, Tensor> _model;
    private readonly Tensor _inputs;

    public AutocastTests()
    {
        manual_seed(7);
        _model = nn.Sequential(nn.Linear(64, 64), nn.GELU(), nn.Linear(64, 64), nn.LayerNorm(64), nn.Linear(64, 8));
        _inputs = randn(32, 64);
    }

    public void Dispose()
    {
        _model.Dispose();
        _scope.Dispose();
    }

    [Fact]
    public void The_CPU_is_supported_and_what_has_no_autocast_is_not()
    {
        Assert.True(Autocast.IsSupported(DeviceType.CPU));
        Assert.Equal(cuda.is_available(), Autocast.IsSupported(DeviceType.CUDA));
        Assert.False(Autocast.IsSupported(DeviceType.MPS));
    }

    [Theory]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Float16)]
    public void Inside_a_scope_products_have_16_bits_and_after_it_32(ScalarType type)
    {
        using (Autocast.Enter(DeviceType.CPU, type))
        {
            Assert.Equal(type, _model.call(_inputs).dtype);
            Assert.Equal(type, _inputs.mm(_inputs.t()).dtype);
            // What needs its digits keeps them.
            Assert.Equal(ScalarType.Float32, nn.functional.mse_loss(_model.call(_inputs), zeros(32, 8)).dtype);
        }

        Assert.Equal(ScalarType.Float32, _model.call(_inputs).dtype);
        Assert.False(IsOn());
    }

    /// <summary>Tolerances: a bfloat16 has 8 bits of digits and a float16 11; five layers add up to some of their rounding errors.</summary>
    [Theory]
    [InlineData(ScalarType.BFloat16, 0.03)]
    [InlineData(ScalarType.Float16, 0.004)]
    public void Gradients_are_float32_and_near_those_without_autocast(ScalarType type, double tolerance)
    {
        Tensor targets = randn(32, 8);
        Func<Tensor, Tensor> loss = inputs => nn.functional.mse_loss(_model.call(inputs), targets);
        Tensor[] plain = Gradients(loss);
        Tensor[] cast = Gradients(Autocast.Wrap(loss, DeviceType.CPU, type));

        foreach ((string name, Tensor expected, Tensor actual) in _model.named_parameters().Zip(plain, cast).Select(entry => (entry.First.name, entry.Second, entry.Third)))
        {
            Assert.Equal(ScalarType.Float32, actual.dtype);
            double error = ((actual - expected).norm() / expected.norm()).item<float>();
            Assert.True(error < tolerance, $"{name}: relative error {error}");
            Assert.NotEqual(0, error);
        }

        Tensor[] Gradients(Func<Tensor, Tensor> function)
        {
            _model.zero_grad();
            Tensor value = function(_inputs);
            Assert.Equal(ScalarType.Float32, value.dtype);
            value.backward();
            return [.. _model.parameters().Select(parameter => parameter.grad!.clone())];
        }
    }

    [Fact]
    public void A_wrapped_loss_in_16_bits_is_given_back_in_32_and_one_in_64_as_it_is()
    {
        Tensor half = Autocast.Wrap<Tensor>(inputs => { Tensor loss = _model.call(inputs)[0, 0]; Assert.Equal(ScalarType.BFloat16, loss.dtype); return loss; }, DeviceType.CPU)(_inputs);

        Assert.Equal(ScalarType.Float32, half.dtype);
        Assert.True(half.requires_grad);
        Assert.Equal(ScalarType.Float64, Autocast.Wrap<Tensor>(inputs => inputs.sum().to(ScalarType.Float64), DeviceType.CPU)(_inputs).dtype);
    }

    [Fact]
    public void An_exception_in_the_loss_leaves_the_scope()
    {
        Func<Tensor, Tensor> loss = Autocast.Wrap<Tensor>(_ => throw new InvalidOperationException("no loss today"), DeviceType.CPU);

        Assert.Equal("no loss today", Assert.Throws<InvalidOperationException>(() => loss(_inputs)).Message);
        Assert.False(IsOn());
    }

    [Fact]
    public void Nested_scopes_go_back_to_what_was_before_each()
    {
        using (Autocast.Enter(DeviceType.CPU, ScalarType.BFloat16))
        {
            using (Autocast.Enter(DeviceType.CPU, ScalarType.Float16))
                Assert.Equal(ScalarType.Float16, _model.call(_inputs).dtype);
            Assert.Equal(ScalarType.BFloat16, _model.call(_inputs).dtype);
        }

        Assert.False(IsOn());
    }

    /// <summary>A cast that was kept beyond its scope would compute with the weights of the step before.</summary>
    [Fact]
    public void Casts_of_weights_are_not_kept_beyond_the_outermost_scope()
    {
        using nn.Module<Tensor, Tensor> linear = nn.Linear(4, 1, hasBias: false);
        Tensor input = ones(1, 4);
        Tensor weight = linear.get_parameter("weight")!;
        for (int value = 1; value <= 3; value++)
        {
            using (no_grad())
                weight.fill_(value);
            using AutocastScope scope = Autocast.Enter(DeviceType.CPU, ScalarType.BFloat16);
            Assert.Equal(4f * value, linear.call(input).to(ScalarType.Float32).item<float>());
        }
    }

    [Fact]
    public void Scopes_are_left_in_order_and_once()
    {
        AutocastScope outer = Autocast.Enter(DeviceType.CPU, ScalarType.BFloat16), inner = Autocast.Enter(DeviceType.CPU, ScalarType.Float16);

        Assert.Throws<InvalidOperationException>(outer.Dispose);
        Assert.Equal(ScalarType.Float16, _model.call(_inputs).dtype);
        inner.Dispose();
        inner.Dispose();
        Assert.Equal(ScalarType.BFloat16, _model.call(_inputs).dtype);
        outer.Dispose();
        Assert.False(IsOn());
    }

    [Fact]
    public void Another_thread_is_not_affected_and_can_not_leave_the_scope()
    {
        using AutocastScope scope = Autocast.Enter(DeviceType.CPU, ScalarType.BFloat16);
        ScalarType? elsewhere = null;
        Exception? refused = null;
        Thread thread = new(() =>
        {
            using DisposeScope own = NewDisposeScope();
            elsewhere = _model.call(_inputs).dtype;
            refused = Record.Exception(scope.Dispose);
        });
        thread.Start();
        Assert.True(thread.Join(TimeSpan.FromMinutes(1)));

        Assert.Equal(ScalarType.Float32, elsewhere);
        Assert.Contains("no await inside", Assert.IsType<InvalidOperationException>(refused).Message, StringComparison.Ordinal);
        Assert.Equal(ScalarType.BFloat16, _model.call(_inputs).dtype);
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.Float64)]
    [InlineData(ScalarType.Int8)]
    public void Other_types_are_refused(ScalarType type)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Autocast.Enter(DeviceType.CPU, type));
        Assert.Throws<ArgumentOutOfRangeException>(() => Autocast.Wrap<Tensor>(inputs => inputs, DeviceType.CPU, type));
    }

    [Fact]
    public void A_device_without_autocast_is_refused_with_the_cause_and_another_way()
    {
        NotSupportedException error = Assert.Throws<NotSupportedException>(() => Autocast.Enter(DeviceType.MPS, ScalarType.BFloat16));

        Assert.Equal("There is no autocast for MPS here: it is for the CPU and CUDA. Train in float32, or convert the model by module.to(ScalarType.BFloat16) and give it inputs of that type.", error.Message);
        if (!cuda.is_available())
            Assert.Contains("libtorch sees no GPU", Assert.Throws<NotSupportedException>(() => Autocast.Wrap<Tensor>(inputs => inputs, DeviceType.CUDA)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trainer_learns_in_bfloat16()
    {
        manual_seed(1);
        using nn.Module<Tensor, Tensor> module = nn.Linear(4, 1);
        using FlatModel model = new(module);
        using HeedfulSgd optimizer = new(model, 0.3);
        Func<(Tensor Inputs, Tensor Targets), Tensor> loss = batch => nn.functional.mse_loss(module.call(batch.Inputs), batch.Targets);
        Trainer<(Tensor Inputs, Tensor Targets)> trainer = new(model, optimizer, new FixedBatches(10), Autocast.Wrap(loss, DeviceType.CPU));
        double last = double.NaN;
        trainer.Use(new Losses(value => last = value));

        await trainer.RunAsync(TrainingLength.Epochs(30), TestContext.Current.CancellationToken);

        // The law has weights 1, -2, 0, 0.5; 8 bits of digits leave an error of some 1e-3 in the targets.
        Assert.True(last < 1e-3, $"loss {last}");
        Assert.Equal(ScalarType.Float32, model.Buffers[0].Dtype);
    }

    private bool IsOn() => _model.call(_inputs).dtype != ScalarType.Float32;

    private sealed class Losses(Action<double> seen) : TrainerCallback
    {
        public override void OnStep(TrainingStep step) => seen(step.LossValue);
    }
}
