namespace MLOps.Registry.Signatures;

/// <summary>The types of tensors' elements by numpy's names.</summary>
internal static class Dtypes
{
    // In the order of TensorProto.DataType of onnx.proto, from 1 up. numpy has no bfloat16, the last.
    private static readonly string[] s_onnx =
    [
        "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "str", "bool", "float16", "float64", "uint32", "uint64", "complex64", "complex128", "bfloat16",
    ];

    /// <summary>Whether numpy, and so MLflow, knows a name.</summary>
    public static bool IsNumpy(string dtype) => dtype is "object" or "datetime64[ns]" or "bytes" || Array.IndexOf(s_onnx, dtype) is >= 0 and < 15;

    /// <summary>The name of an ONNX element type; null when there is none.</summary>
    public static string? OfOnnx(ulong type) => type >= 1 && type <= (ulong)s_onnx.Length ? s_onnx[type - 1] : null;

    /// <summary>The name of a .NET type; null when there is none.</summary>
    public static string? Of(Type type) =>
        type == typeof(float) ? "float32"
        : type == typeof(double) ? "float64"
        : type == typeof(Half) ? "float16"
        : type == typeof(int) ? "int32"
        : type == typeof(long) ? "int64"
        : type == typeof(short) ? "int16"
        : type == typeof(sbyte) ? "int8"
        : type == typeof(byte) ? "uint8"
        : type == typeof(ushort) ? "uint16"
        : type == typeof(uint) ? "uint32"
        : type == typeof(ulong) ? "uint64"
        : type == typeof(bool) ? "bool"
        : type == typeof(string) ? "str"
        : null;
}
