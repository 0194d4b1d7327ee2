using System.Globalization;
using MLOps.Registry;
using MLOps.Server.Wire;
using MLOps.Server.Wire.Shapes;

namespace MLOps.Server.Registry;

/// <summary>Registered models and their versions as MLflow's clients see them.</summary>
internal static class RegistryConversions
{
    public static WireRegisteredModel ToWire(this RegisteredModel model, IReadOnlyList<ModelVersion> latest) => new()
    {
        Name = model.Name,
        CreationTimestamp = model.CreatedAt.ToUnixTimeMilliseconds(),
        LastUpdatedTimestamp = model.UpdatedAt.ToUnixTimeMilliseconds(),
        UserId = model.User,
        Description = model.Description,
        LatestVersions = latest.ToWire(),
        Tags = model.Tags.ToWire(),
        Aliases = model.Aliases.Count == 0 ? null : [.. model.Aliases.Select(alias => new WireAlias(alias.Name, alias.Version.ToString(CultureInfo.InvariantCulture)))],
    };

    public static WireModelVersion ToWire(this ModelVersion version) => new()
    {
        Name = version.Model,
        Version = version.Number.ToString(CultureInfo.InvariantCulture),
        CreationTimestamp = version.CreatedAt.ToUnixTimeMilliseconds(),
        LastUpdatedTimestamp = version.UpdatedAt.ToUnixTimeMilliseconds(),
        UserId = version.User,
        CurrentStage = version.Stage.ToString(),
        Description = version.Description,
        Source = version.Facts.Source,
        RunId = version.Facts.RunId?.Value,
        Status = version.Status.ToWire(),
        Tags = version.Tags.ToWire(),
        RunLink = version.Facts.RunLink,
        Aliases = version.Aliases.OrAbsent(),
        ModelId = version.Facts.LoggedModelId,
    };

    public static IReadOnlyList<WireModelVersion>? ToWire(this IReadOnlyList<ModelVersion> versions) => versions.Count == 0 ? null : [.. versions.Select(ToWire)];

    private static string ToWire(this ModelVersionStatus status) => status switch
    {
        ModelVersionStatus.PendingRegistration => "PENDING_REGISTRATION",
        ModelVersionStatus.FailedRegistration => "FAILED_REGISTRATION",
        _ => "READY",
    };
}
