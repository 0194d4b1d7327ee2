namespace MLOps.Registry;

/// <summary>Names a version of a model.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Number">The version's number.</param>
public readonly record struct ModelVersionRef(string Model, int Number)
{
    /// <summary>The version as a URI.</summary>
    /// <returns>For example <c>models:/fraud/3</c>.</returns>
    public override string ToString() => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"models:/{Model}/{Number}");
}
