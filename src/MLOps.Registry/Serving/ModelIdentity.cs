namespace MLOps.Registry.Serving;

/// <summary>Which version a URI names; <c>default</c> when it names none. The key, not the name: another model may take over a name.</summary>
internal readonly record struct ModelIdentity(Guid ModelKey, int Number)
{
    public static ModelIdentity Of(ModelVersion? version) => version is null ? default : new(version.ModelKey, version.Number);
}
