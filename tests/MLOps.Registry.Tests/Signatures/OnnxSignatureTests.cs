using MLOps.Registry.Signatures;

namespace MLOps.Registry.Tests.Signatures;

public sealed class OnnxSignatureTests
{
    private static readonly byte[] s_model = OnnxBytes.Model(
        OnnxBytes.Initializer("weight", 9_000),
        OnnxBytes.Input("image", 1, "batch", 3, 224, null),
        OnnxBytes.Input("weight", 1, 9_000),
        OnnxBytes.Input("length", 7),
        new OnnxBytes().Fixed(99),
        OnnxBytes.Output("label", 8, -1),
        OnnxBytes.Output("scores", 11, "batch", 1000));

    private static readonly ModelSignature s_signature = new()
    {
        Inputs = new() { Tensors = [new("image", "float32", [-1, 3, 224, -1]), new("length", "int64", [])] },
        Outputs = new() { Tensors = [new("label", "str", [-1]), new("scores", "float64", [-1, 1000])] },
    };

    [Fact]
    public void Inputs_and_outputs_are_read_and_weights_are_not_inputs() => Assert.Equal(s_signature, Read(s_model));

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100_000)]
    public void A_stream_that_cannot_seek_gives_the_same(int piece)
    {
        using ForwardStream stream = new(s_model, piece);
        Assert.Equal(s_signature, OnnxSignature.TryRead(stream));
    }

    [Fact]
    public void Weights_may_come_after_the_inputs()
    {
        byte[] model = OnnxBytes.Model(OnnxBytes.Input("x", 1, 2), OnnxBytes.Input("w", 1, 2), OnnxBytes.Output("y", 1, 2), OnnxBytes.Initializer("w", 8));

        Assert.Equal(["x"], Read(model)!.Inputs!.Tensors.Select(tensor => tensor.Name!));
    }

    [Fact]
    public void A_side_with_a_value_that_is_no_tensor_of_a_known_shape_and_type_is_unknown()
    {
        OnnxBytes sequence = new OnnxBytes().Message(12, new OnnxBytes().Text(1, "probabilities").Message(2, new OnnxBytes().Message(4, new OnnxBytes())));
        OnnxBytes shapeless = new OnnxBytes().Message(12, new OnnxBytes().Text(1, "y").Message(2, new OnnxBytes().Message(1, new OnnxBytes().Number(1, 1))));

        foreach (OnnxBytes output in new[] { sequence, shapeless, OnnxBytes.Output("y", 99, 1) })
        {
            ModelSignature? read = Read(OnnxBytes.Model(OnnxBytes.Input("x", 1, 2), OnnxBytes.Output("label", 7, 1), output));
            Assert.Null(read!.Outputs);
            Assert.Equal(["x"], read.Inputs!.Tensors.Select(tensor => tensor.Name!));
        }
    }

    [Fact]
    public void Every_cut_of_a_model_is_no_model_or_one_without_its_end()
    {
        // The fields after the graph tell nothing, so that a cut between two of them is a whole message.
        int wholeFrom = s_model.AsSpan().LastIndexOf((byte)0x42);
        for (int length = 0; length < s_model.Length; length++)
        {
            ModelSignature? read = Read(s_model[..length]);
            Assert.Equal(length >= wholeFrom && length == wholeFrom ? s_signature : null, read);
        }
    }

    [Fact]
    public void Names_and_counts_beyond_all_sense_are_no_model()
    {
        Assert.NotNull(Read(OnnxBytes.Model(OnnxBytes.Input(new string('n', 65_536), 1, 2), OnnxBytes.Output("y", 1, 2))));
        Assert.Null(Read(OnnxBytes.Model(OnnxBytes.Input(new string('n', 65_537), 1, 2), OnnxBytes.Output("y", 1, 2))));
        Assert.Null(Read(OnnxBytes.Model(OnnxBytes.Output("y", 1, [.. Enumerable.Repeat<object?>(1, 65)]))));
        Assert.Null(Read(OnnxBytes.Model([.. Enumerable.Range(0, 4_097).Select(i => OnnxBytes.Output($"y{i}", 1, 2))])));
        Assert.Null(Read(OnnxBytes.Model()));
        Assert.Null(Read([]));
    }

    [Fact]
    public void Damaged_models_and_random_bytes_raise_nothing_and_take_little_memory()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        Random random = new(seed);
        byte[] small = OnnxBytes.Model(OnnxBytes.Initializer("w", 20), OnnxBytes.Input("x", 1, "n", 3), OnnxBytes.Output("y", 1, 2));
        int trials = TestLength.Of(20_000, 1_000_000), read = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int trial = 0; trial < trials; trial++)
        {
            byte[] bytes = [.. small];
            if (trial % 4 == 0)
                random.NextBytes(bytes);
            for (int flips = random.Next(1, 4); trial % 4 != 0 && flips > 0; flips--)
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            if (trial % 4 == 1)
                bytes = bytes[..random.Next(bytes.Length)];
            using Stream stream = trial % 2 == 0 ? new MemoryStream(bytes) : new ForwardStream(bytes, random.Next(1, 50));
            if (OnnxSignature.TryRead(stream) is { } signature)
                read += signature.Outputs is null ? 0 : 1;
        }

        // A length of gigabytes in ninety bytes must not become a buffer of that size.
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / trials, 1, 100_000);
        Assert.InRange(read, 1, trials - 1);
    }

    private static ModelSignature? Read(byte[] model) => OnnxSignature.TryRead(new MemoryStream(model));
}
