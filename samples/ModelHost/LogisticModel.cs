using System.Buffers.Binary;

namespace ModelHost;

/// <summary>Writes a logistic regression as an ONNX file: probability = sigmoid(features · weights + bias). The field numbers are those of onnx.proto.</summary>
internal static class LogisticModel
{
    private const int Float = 1;

    public static byte[] Write(ReadOnlySpan<float> weights, float bias)
    {
        Protobuf graph = new Protobuf()
            .Message(1, new Protobuf().Text(1, "features").Text(1, "weights").Text(1, "bias").Text(2, "logit").Text(4, "Gemm"))
            .Message(1, new Protobuf().Text(1, "logit").Text(2, "probability").Text(4, "Sigmoid"))
            .Text(2, "churn")
            .Message(5, Tensor("weights", [weights.Length, 1], weights))
            .Message(5, Tensor("bias", [1], [bias]))
            .Message(11, Value("features", weights.Length))
            .Message(12, Value("probability", 1));
        return new Protobuf()
            .Number(1, 8)
            .Text(2, "ModelHost")
            .Message(7, graph)
            .Message(8, new Protobuf().Text(1, "").Number(2, 13))
            .ToArray();
    }

    private static Protobuf Tensor(string name, ReadOnlySpan<long> sizes, ReadOnlySpan<float> values)
    {
        Protobuf tensor = new();
        foreach (long size in sizes)
            tensor.Number(1, size);
        byte[] bytes = new byte[values.Length * sizeof(float)];
        for (int i = 0; i < values.Length; i++)
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), values[i]);
        return tensor.Number(2, Float).Text(8, name).Bytes(9, bytes);
    }

    private static Protobuf Value(string name, long columns) => new Protobuf()
        .Text(1, name)
        .Message(2, new Protobuf().Message(1, new Protobuf()
            .Number(1, Float)
            .Message(2, new Protobuf().Message(1, new Protobuf().Text(2, "batch")).Message(1, new Protobuf().Number(1, columns)))));
}
