using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Flat;

[Collection("torch")]
public sealed class FlatModelTests
{
    [Fact]
    public void Weights_that_are_tied_are_one_parameter_with_all_its_names()
    {
        using ParameterBag module = new(rand(3));
        Parameter shared = module.All[0];
        using Linear linear = nn.Linear(2, 2);
        using ParameterBag decoder = new();
        decoder.Add("weight", shared);
        module.AddChild("decoder", decoder);
        module.AddChild("first", linear);
        module.AddChild("second", linear);

        using FlatModel model = new(module);

        Assert.Equal(["p0", "first.weight", "first.bias"], model.Buffers[0].Entries.Select(entry => entry.Name));
        Assert.Equal(["p0", "decoder.weight"], model.Buffers[0].Entries[0].Names);
        Assert.Equal(["first.weight", "second.weight"], model.Buffers[0].Entries[1].Names);
        model.Verify();
    }

    [Fact]
    public void Tied_weights_are_found_in_lists_dictionaries_and_sequences()
    {
        using Linear shared = nn.Linear(2, 2, hasBias: false);
        using ParameterBag module = new();
        module.AddChild("list", nn.ModuleList<nn.Module>(shared, nn.Linear(2, 2)));
        module.AddChild("dictionary", nn.ModuleDict<nn.Module>(("a", shared), ("b", nn.Linear(2, 1))));
        module.AddChild("sequence", nn.Sequential(("x", shared), ("y", (nn.Module<Tensor, Tensor>)nn.ReLU()), ("z", shared)));
        module.AddChild("parameters", new ParameterList(new Parameter(rand(2)), new Parameter(rand(3))));

        using FlatModel model = new(module);

        FlatParameter tied = model.Buffers[0].Entries[0];
        Assert.Equal(["list.0.weight", "dictionary.a.weight", "sequence.x.weight", "sequence.z.weight"], tied.Names);
        Assert.Equal(["list.0.weight", "list.1.weight", "list.1.bias", "dictionary.b.weight", "dictionary.b.bias", "parameters.0", "parameters.1"], model.Buffers[0].Entries.Select(entry => entry.Name));
    }

    [Fact]
    public void A_tied_weight_gets_the_gradients_of_both_uses()
    {
        using Linear shared = nn.Linear(3, 3);
        using Sequential module = nn.Sequential(shared, nn.Tanh(), shared);
        using Linear plain = nn.Linear(3, 3);
        using Sequential copy = nn.Sequential(plain, nn.Tanh(), plain);
        plain.load_state_dict(shared.state_dict());
        using FlatModel model = new(module);
        Tensor x = rand(4, 3);

        module.call(x).sum().backward();
        copy.call(x).sum().backward();

        Assert.Equal(Bits.Of(plain.weight.grad!), Bits.Of(shared.weight.grad!));
        Assert.Equal(Bits.Of(plain.bias!.grad!), Bits.Of(shared.bias!.grad!));
    }

    [Fact]
    public void Any_network_gives_the_gradients_that_it_gave_before()
    {
        using Network module = new(), copy = new();
        copy.load_state_dict(module.state_dict());
        copy.zero_grad();
        using FlatModel model = new(module);
        Random random = new(5);
        for (int step = 0; step < 3; step++)
        {
            // Two backward passes: gradients are added, in place.
            foreach (int _ in Enumerable.Range(0, 2))
            {
                Tensor tokens = tensor([.. Enumerable.Range(0, 24).Select(_ => (long)random.Next(10))], [4, 6]);
                module.Loss(tokens).backward();
                copy.Loss(tokens).backward();
            }

            foreach (((string name, Parameter expected), (_, Parameter actual)) in copy.named_parameters().Zip(module.named_parameters()))
                Assert.True(Bits.Of(expected.grad!).AsSpan().SequenceEqual(Bits.Of(actual.grad!)), $"{name} at step {step}");
            model.Verify();
            model.ZeroGradients();
            copy.zero_grad();
            Assert.Equal(0, model.Buffers.Sum(buffer => buffer.Gradients.count_nonzero().item<long>()));
        }
    }

    [Fact]
    public void A_model_whose_forward_passes_over_hooks_trains_the_same()
    {
        byte[] Train(Func<nn.Module<Tensor, Tensor>, Tensor, Tensor> apply)
        {
            manual_seed(3);
            using Sequential module = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1));
            using FlatModel model = new(module);
            using FlatAdamW optimizer = new(model);
            for (int step = 0; step < 5; step++)
            {
                apply(module, rand(8, 4)).square().mean().backward();
                optimizer.Step(new());
                optimizer.ZeroGradients();
            }

            return Bits.Of(model.Buffers[0].Parameters);
        }

        Assert.Equal(Train((module, x) => module.call(x)), Train((module, x) => module.forward(x)));
    }

    [Fact]
    public void Frozen_parameters_stay_where_they_are()
    {
        using ParameterBag module = new(rand(3), rand(4));
        module.All[1].requires_grad = false;
        nint place = NativeTensor.DataOf(module.All[1]);

        using FlatModel model = new(module);

        Assert.Equal(["p0"], model.Buffers[0].Entries.Select(entry => entry.Name));
        Assert.Equal(place, NativeTensor.DataOf(module.All[1]));
        model.Verify();
    }

    [Fact]
    public void Parameters_that_the_loss_did_not_use_are_named()
    {
        using ParameterBag module = new(rand(3) + 1, rand(4) + 1, rand(2, 2) + 1);
        using FlatModel model = new(module);
        Assert.Equal(["p0", "p1", "p2"], model.FindUnused());

        (module.All[0].sum() + module.All[2].sum()).backward();

        Assert.Equal(["p1"], model.FindUnused());
    }

    [Fact]
    public void Parameters_of_several_types_lie_in_a_buffer_each()
    {
        using ParameterBag module = new(rand(3, dtype: ScalarType.Float64), rand(4), rand(5).to(ScalarType.BFloat16), rand(6), rand(7).to(ScalarType.Float16));

        using FlatModel model = new(module);

        Assert.Equal([ScalarType.Float64, ScalarType.Float32, ScalarType.BFloat16, ScalarType.Float16], model.Buffers.Select(buffer => buffer.Dtype));
        Assert.Equal(["p1", "p3"], model.Buffers[1].Entries.Select(entry => entry.Name));
        module.Loss().backward();
        model.Verify();
        Assert.Empty(model.FindUnused());
    }

    [Fact]
    public void Empty_parameters_and_single_numbers_are_parameters_like_others()
    {
        using ParameterBag module = new(zeros(0, 3), tensor(1.5f), zeros(0), tensor(2.5));
        using FlatModel model = new(module, (_, parameter) => parameter.numel() == 0 ? "empty" : "full");
        using FlatAdamW optimizer = new(model);

        module.Loss().backward();
        optimizer.Step(new());

        model.Verify();
        Assert.Equal([[0, 3], [], [0], []], module.All.Select(parameter => parameter.shape));
        Assert.True(module.All[1].item<float>() < 1.5f && module.All[3].item<double>() < 2.5);
        Assert.Equal(0, model.Buffers.Single(buffer => buffer.Group == "empty").Parameters.count_nonzero().item<long>());
    }

    [Fact]
    public void Biases_and_norms_can_be_kept_from_decay()
    {
        using Sequential module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 1));

        using FlatModel model = new(module, FlatModel.ExcludeFromDecay);

        Assert.Equal(["decay", "no-decay"], model.Buffers.Select(buffer => buffer.Group));
        Assert.Equal(["0.weight", "3.weight"], model.Buffers[0].Entries.Select(entry => entry.Name));
        Assert.Equal(["0.bias", "1.weight", "1.bias", "3.bias"], model.Buffers[1].Entries.Select(entry => entry.Name));
    }

    [Fact]
    public void A_module_with_nothing_to_train_is_refused()
    {
        using ParameterBag module = new(rand(3));
        module.All[0].requires_grad = false;

        Assert.Contains("nothing to train", Assert.Throws<ArgumentException>(() => new FlatModel(module)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parameters_that_are_not_real_numbers_are_refused_and_frozen_ones_left()
    {
        using ParameterBag complex = new(rand(3, dtype: ScalarType.ComplexFloat32));
        Assert.Contains("'p0' is of type ComplexFloat32", Assert.Throws<ArgumentException>(() => new FlatModel(complex)).Message, StringComparison.Ordinal);

        using ParameterBag integers = new(rand(3));
        integers.Add(arange(4), requiresGrad: false);
        using FlatModel model = new(integers);
        Assert.Single(model.Buffers);
    }

    [Fact]
    public void Parameters_that_share_memory_are_refused_before_anything_is_moved()
    {
        void Refused(string message, ParameterBag module)
        {
            using (module)
            {
                nint[] places = [.. module.All.Select(NativeTensor.DataOf)];
                ArgumentException refusal = Assert.Throws<ArgumentException>(() => new FlatModel(module));
                Assert.Contains(message, refusal.Message, StringComparison.Ordinal);
                Assert.Equal(places, module.All.Select(NativeTensor.DataOf));
                Assert.All(module.All, parameter => Assert.Null(parameter.grad));
            }
        }

        Tensor store = rand(10, 10);
        Refused("'p2' and 'p1'", new(rand(5), store[..5], store[4..]));
        Refused("'p1' and 'p0'", new(store[.., ..5], store[.., 5..]));
        Refused("Elements of the parameter 'p0' share memory", new(rand(1).expand(4)));
        ParameterBag withBuffer = new(store.view(100));
        withBuffer.AddBuffer("b", store[2]);
        Refused("'b' and 'p0'", withBuffer);
        ParameterBag withFrozen = new(store.view(100)[..50]);
        withFrozen.Add(store.view(100)[49..60], requiresGrad: false);
        Refused("'p1' and 'p0'", withFrozen);
    }

    [Fact]
    public void Neighbours_in_one_storage_share_nothing()
    {
        Tensor store = rand(10);
        float[] values = store.data<float>().ToArray();
        using ParameterBag module = new(store[..5], store[5..]);

        using FlatModel model = new(module);

        Assert.Equal(values, module.All.SelectMany(parameter => parameter.detach().data<float>().ToArray()));
    }

    [Fact]
    public void A_parameter_lies_in_one_flat_model_at_a_time()
    {
        using Linear shared = nn.Linear(2, 2);
        using Sequential a = nn.Sequential(shared, nn.Linear(2, 1)), b = nn.Sequential(nn.Linear(1, 2), shared);
        FlatModel first = new(a);

        Assert.Contains("'1.weight' lies in another FlatModel", Assert.Throws<ArgumentException>(() => new FlatModel(b)).Message, StringComparison.Ordinal);
        first.Verify();
        first.Dispose();
        using FlatModel second = new(b);
        second.Verify();
    }

    [Fact]
    public void What_happens_to_a_module_later_is_found()
    {
        void Found(string message, Action<ParameterBag> change)
        {
            using ParameterBag module = new(rand(3), rand(4));
            module.All[1].requires_grad = false;
            module.Add("p2", new Parameter(rand(2)));
            using FlatModel model = new(module);
            model.Verify();
            change(module);
            Assert.Contains(message, Assert.Throws<InvalidOperationException>(model.Verify).Message, StringComparison.Ordinal);
        }

        Found("'late' is not in the flat buffers", module => module.Add("late", new Parameter(rand(2))));
        Found("'p0' is not in the flat buffers", module => module.Replace("p0", new Parameter(rand(3))));
        Found("'p1' is not in the flat buffers", module => module.All[1].requires_grad = true);
        Found("'p2' is no longer in the module", module => module.Replace("p2", null));
        Found("'p2' was frozen", module => module.All[2].requires_grad = false);
        Found("'p0' or its gradient was taken out", module => module.zero_grad());
        Found("'p0'", module => module.to(ScalarType.Float64));
        Found("'p0' or its gradient was taken out", module => module.Loss().backward(create_graph: true));
    }

    [Fact]
    public void Gradients_that_were_taken_out_are_found_at_the_next_step()
    {
        using ParameterBag module = ParameterBag.Of(1, ScalarType.Float32, 5, 6);
        using FlatModel model = new(module);
        using FlatSgd optimizer = new(model);
        module.Loss().backward();
        optimizer.Step(new());

        module.zero_grad();
        module.Loss().backward();

        Assert.Throws<InvalidOperationException>(() => optimizer.Step(new()));
    }

    [Fact]
    public void A_module_outlives_its_buffers()
    {
        using ParameterBag module = ParameterBag.Of(1, ScalarType.Float32, 5, 6);
        byte[] before = Bits.OfAll(module.All);
        FlatModel model = new(module);
        model.Dispose();
        model.Dispose();

        Assert.Equal(before, Bits.OfAll(module.All));
        Assert.All(module.All, parameter => Assert.Null(parameter.grad));
        module.Loss().backward();
        Assert.NotNull(module.All[0].grad);
    }

    [Fact]
    public void A_module_may_be_disposed_before_its_buffers()
    {
        ParameterBag module = ParameterBag.Of(1, ScalarType.Float32, 5, 6);
        FlatModel model = new(module);
        module.Dispose();
        model.Dispose();
    }

    [Fact]
    public void Buffers_outlive_the_dispose_scope_in_which_they_were_made()
    {
        using ParameterBag module = ParameterBag.Of(1, ScalarType.Float32, 5, 6);
        FlatModel model;
        FlatAdamW optimizer;
        using (NewDisposeScope())
        {
            model = new(module);
            optimizer = new(model);
        }

        module.Loss().backward();
        optimizer.Step(new());
        model.Verify();
        optimizer.Dispose();
        model.Dispose();
    }

    /// <summary>An embedding with sparse gradients, a recurrent layer, a convolution with running statistics, and a layer that no loss uses.</summary>
    private sealed class Network : nn.Module
    {
        private readonly Embedding _embedding = nn.Embedding(10, 8, sparse: true);
        private readonly LSTM _recurrent = nn.LSTM(8, 6, batchFirst: true);
        private readonly Conv1d _convolution = nn.Conv1d(6, 4, 3);
        private readonly BatchNorm1d _norm = nn.BatchNorm1d(4);
        private readonly Linear _unused = nn.Linear(2, 2);

        public Network()
            : base(nameof(Network))
        {
            RegisterComponents();
            Assert.Equal(2, _unused.parameters().Count());
        }

        public Tensor Loss(Tensor tokens)
        {
            (Tensor states, _, _) = _recurrent.call(_embedding.call(tokens));
            return _norm.call(_convolution.call(states.transpose(1, 2))).square().mean() + states.sum();
        }

        /// <summary>Dense zeros: sums of sparse gradients alone are rounded in another order.</summary>
        public override void zero_grad(bool set_to_none = true)
        {
            foreach (Parameter parameter in parameters())
                parameter.grad = zeros_like(parameter);
        }
    }
}
