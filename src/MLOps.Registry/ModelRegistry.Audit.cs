using MLOps.Registry.Audit;

namespace MLOps.Registry;

/// <content>The audit log.</content>
public sealed partial class ModelRegistry
{
    /// <summary>Verifies the audit log from its beginning to its end.</summary>
    public Task<AuditVerification> VerifyAuditAsync(IReadOnlyList<Checkpoint>? checkpoints = null, IProgress<long>? progress = null, CancellationToken cancellationToken = default) => throw new NotSupportedException("To come.");

    /// <summary>Signs the end of the audit log.</summary>
    public Task<Checkpoint> CreateCheckpointAsync(ICheckpointSigner signer, CancellationToken cancellationToken = default) => throw new NotSupportedException("To come.");

    /// <summary>Writes the audit log as JSON lines.</summary>
    public Task<AuditHead> ExportAuditAsync(Stream destination, long after = 0, CancellationToken cancellationToken = default) => throw new NotSupportedException("To come.");

    /// <summary>Reads events of the audit log.</summary>
    public IAsyncEnumerable<AuditEvent> FindAuditEventsAsync(string? model = null, long after = 0, CancellationToken cancellationToken = default) => throw new NotSupportedException("To come.");

    /// <summary>Gets what an alias pointed to, from the beginning on.</summary>
    public Task<IReadOnlyList<AliasChange>> GetAliasHistoryAsync(string model, string alias, CancellationToken cancellationToken = default) => throw new NotSupportedException("To come.");

    /// <summary>Finds what an alias pointed to at a time: what served then.</summary>
    public Task<AliasChange?> FindAliasAtAsync(string model, string alias, DateTimeOffset at, CancellationToken cancellationToken = default) => throw new NotSupportedException("To come.");
}
