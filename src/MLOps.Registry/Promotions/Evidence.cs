namespace MLOps.Registry.Promotions;

/// <summary>What somebody found who checked a version, for example for drift or for bias. The registry keeps it and does not ask what it means.</summary>
/// <param name="Name">What was checked: 1 to 250 characters.</param>
/// <param name="Passed">Whether the version passed.</param>
/// <param name="Digest">What identifies the full result elsewhere, for example its SHA-256: 1 to 250 characters.</param>
public sealed record Evidence(string Name, bool Passed, string Digest)
{
    internal void Check(string parameterName)
    {
        RegistryLimits.CheckName(Name, "The name of evidence", parameterName);
        RegistryLimits.CheckName(Digest, $"The digest of evidence '{Name}'", parameterName);
    }
}
