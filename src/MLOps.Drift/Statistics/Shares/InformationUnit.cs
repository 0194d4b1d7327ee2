namespace MLOps.Drift.Statistics;

/// <summary>The unit of divergences that are sums of logarithms.</summary>
public enum InformationUnit
{
    /// <summary>Natural logarithms, as scipy and Evidently take them.</summary>
    Nats,

    /// <summary>Logarithms of base 2, as NannyML and TFDV take them: the Jensen–Shannon distance is then 0 to 1.</summary>
    Bits,
}

/// <summary>Conversion of units.</summary>
internal static class InformationUnits
{
    /// <summary>How many of the unit a nat is.</summary>
    public static double PerNat(this InformationUnit unit) => unit switch
    {
        InformationUnit.Nats => 1,
        InformationUnit.Bits => 1 / Math.Log(2),
        _ => throw new ArgumentOutOfRangeException(nameof(unit), unit, "The unit is nats or bits."),
    };
}
