using static TorchSharp.torch;

namespace MLOps.Training.Checkpoints;

/// <summary>The element types that safetensors and TorchSharp have in common, in the order in which safetensors puts them: largest alignment first.</summary>
internal static class SafetensorsType
{
    private static readonly (ScalarType Type, string Name, int Size)[] s_types =
    [
        (ScalarType.Int64, "I64", 8),
        (ScalarType.Float64, "F64", 8),
        (ScalarType.Float32, "F32", 4),
        (ScalarType.Int32, "I32", 4),
        (ScalarType.BFloat16, "BF16", 2),
        (ScalarType.Float16, "F16", 2),
        (ScalarType.Int16, "I16", 2),
        (ScalarType.Int8, "I8", 1),
        (ScalarType.Byte, "U8", 1),
        (ScalarType.Bool, "BOOL", 1),
    ];

    public static string Names { get; } = string.Join(", ", s_types.Select(type => type.Name));

    public static bool IsKnown(ScalarType type) => Array.Exists(s_types, known => known.Type == type);

    public static int RankOf(ScalarType type) => Array.FindIndex(s_types, known => known.Type == type);

    public static string NameOf(ScalarType type) => s_types[RankOf(type)].Name;

    public static int SizeOf(ScalarType type) => s_types[RankOf(type)].Size;

    public static ScalarType? Find(string name) => Array.FindIndex(s_types, known => known.Name == name) is >= 0 and var found ? s_types[found].Type : null;
}
