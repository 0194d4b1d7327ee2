using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Checkpoints;

/// <summary>Tensors of all types and shapes with bits that nobody chose: NaN payloads, -0 and infinities come with them.</summary>
internal static class RandomTensors
{
    private static readonly ScalarType[] s_types =
    [
        ScalarType.Int64, ScalarType.Float64, ScalarType.Float32, ScalarType.Int32, ScalarType.BFloat16, ScalarType.Float16, ScalarType.Int16, ScalarType.Int8, ScalarType.Byte, ScalarType.Bool,
    ];

    private static readonly string[] s_names = ["weight", "layers.0.bias", "größe", "a \"quoted\" name", "tab\there", "😀", "", "back\\slash", "a/b", "Ω.running_mean"];

    public static Dictionary<string, Tensor> Make(Random random)
    {
        Dictionary<string, Tensor> tensors = [];
        for (int count = random.Next(7); count > 0; count--)
            tensors.TryAdd(s_names[random.Next(s_names.Length)] + (random.Next(2) == 0 ? "" : $"{random.Next(100)}"), MakeOne(random, s_types[random.Next(s_types.Length)]));
        return tensors;
    }

    public static Tensor MakeOne(Random random, ScalarType type)
    {
        long[] shape = [.. Enumerable.Range(0, random.Next(4)).Select(_ => (long)random.Next(random.Next(8) == 0 ? 1 : 5))];
        Tensor tensor = zeros(shape, type);
        Span<byte> bytes = tensor.bytes;
        random.NextBytes(bytes);
        if (type == ScalarType.Bool)
        {
            foreach (ref byte value in bytes)
                value &= 1;
        }

        return tensor;
    }

    public static byte[] BitsOf(Tensor tensor)
    {
        using Tensor plain = tensor.detach().cpu().contiguous();
        return plain.numel() == 0 ? [] : plain.bytes.ToArray();
    }

    public static void AssertSame(IReadOnlyDictionary<string, Tensor> expected, IReadOnlyDictionary<string, Tensor> actual)
    {
        Assert.Equal(expected.Keys.Order(StringComparer.Ordinal), actual.Keys.Order(StringComparer.Ordinal));
        foreach ((string name, Tensor tensor) in expected)
        {
            Assert.Equal(tensor.dtype, actual[name].dtype);
            Assert.Equal(tensor.shape, actual[name].shape);
            Assert.Equal(BitsOf(tensor), BitsOf(actual[name]));
        }
    }

    public static void Dispose(IEnumerable<Tensor> tensors)
    {
        foreach (Tensor tensor in tensors)
            tensor.Dispose();
    }

    public static Tensor FromBits(uint[] bits)
    {
        Tensor tensor = zeros([bits.Length], ScalarType.Float32);
        MemoryMarshal.AsBytes(bits.AsSpan()).CopyTo(tensor.bytes);
        return tensor;
    }
}
