using System.Text;

namespace MLOps.Registry.Tests.Signatures;

/// <summary>Writes just enough of an ONNX model: a protobuf message, field by field.</summary>
internal sealed class OnnxBytes
{
    private readonly List<byte> _bytes = [];

    public static byte[] Model(params OnnxBytes[] graphFields) => new OnnxBytes().Number(1, 8).Text(2, "test").Message(7, [new OnnxBytes().Text(2, "graph"), .. graphFields]).Message(8, new OnnxBytes().Number(2, 17)).ToArray();

    public static OnnxBytes Input(string name, int type, params object?[] shape) => new OnnxBytes().Message(11, Value(name, type, shape));

    public static OnnxBytes Output(string name, int type, params object?[] shape) => new OnnxBytes().Message(12, Value(name, type, shape));

    public static OnnxBytes Initializer(string name, int bytes) => new OnnxBytes().Message(5, new OnnxBytes().Number(1, bytes).Number(2, 2).Bytes(9, new byte[bytes]).Text(8, name));

    public OnnxBytes Number(int field, long value)
    {
        Varint((ulong)field << 3);
        Varint((ulong)value);
        return this;
    }

    public OnnxBytes Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

    public OnnxBytes Message(int field, params OnnxBytes[] fields) => Bytes(field, [.. fields.SelectMany(part => part.ToArray())]);

    public OnnxBytes Bytes(int field, byte[] bytes)
    {
        Varint(((ulong)field << 3) | 2);
        Varint((ulong)bytes.Length);
        _bytes.AddRange(bytes);
        return this;
    }

    public OnnxBytes Fixed(int field)
    {
        Varint(((ulong)field << 3) | 5);
        _bytes.AddRange([1, 2, 3, 4]);
        Varint(((ulong)field << 3) | 1);
        _bytes.AddRange([1, 2, 3, 4, 5, 6, 7, 8]);
        return this;
    }

    public byte[] ToArray() => [.. _bytes];

    private static OnnxBytes Value(string name, int type, object?[] shape) => new OnnxBytes().Text(1, name).Message(2, new OnnxBytes().Message(1, new OnnxBytes().Number(1, type).Message(2, [.. shape.Select(Size)])));

    private static OnnxBytes Size(object? size) => new OnnxBytes().Message(1, size switch { int value => [new OnnxBytes().Number(1, value)], string name => [new OnnxBytes().Text(2, name)], _ => [] });

    private void Varint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            _bytes.Add((byte)(value | 0x80));
        _bytes.Add((byte)value);
    }
}
