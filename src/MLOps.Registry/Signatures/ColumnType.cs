using System.Diagnostics.CodeAnalysis;

namespace MLOps.Registry.Signatures;

/// <summary>The type of a column's values: MLflow's.</summary>
[SuppressMessage("Naming", "CA1720:Identifier contains type name", Justification = "They are the field's names of these types.")]
public enum ColumnType
{
    /// <summary>True or false.</summary>
    Boolean,

    /// <summary>32-bit signed integers.</summary>
    Integer,

    /// <summary>64-bit signed integers.</summary>
    Long,

    /// <summary>32-bit floating point.</summary>
    Float,

    /// <summary>64-bit floating point.</summary>
    Double,

    /// <summary>Text.</summary>
    String,

    /// <summary>Bytes.</summary>
    Binary,

    /// <summary>Dates and times.</summary>
    DateTime,
}
