namespace MLOps.Registry;

/// <summary>MLflow's legacy stages. New programs use aliases.</summary>
public enum ModelStage
{
    /// <summary>No stage.</summary>
    None,

    /// <summary>On trial.</summary>
    Staging,

    /// <summary>In production.</summary>
    Production,

    /// <summary>Put away.</summary>
    Archived,
}
