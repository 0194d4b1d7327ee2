using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>The types of tensors' elements by numpy's names, which signatures use; of those that numpy lacks, PyTorch's.</summary>
internal static class Dtypes
{
    public static string NameOf(ScalarType type) => type switch
    {
        ScalarType.Byte => "uint8",
        ScalarType.Int8 => "int8",
        ScalarType.Int16 => "int16",
        ScalarType.Int32 => "int32",
        ScalarType.Int64 => "int64",
        ScalarType.Float16 => "float16",
        ScalarType.Float32 => "float32",
        ScalarType.Float64 => "float64",
        ScalarType.ComplexFloat32 => "complex64",
        ScalarType.ComplexFloat64 => "complex128",
        ScalarType.Bool => "bool",
        ScalarType.BFloat16 => "bfloat16",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "There is no name for this type of elements."),
    };

    /// <summary>The type of a name; null where TorchSharp has none.</summary>
    public static ScalarType? Find(string name)
    {
        foreach (ScalarType type in Enum.GetValues<ScalarType>())
        {
            if (NameOf(type) == name)
                return type;
        }

        return null;
    }
}
