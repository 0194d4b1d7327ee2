using System.Diagnostics.CodeAnalysis;

namespace MLOps.Runtime;

/// <summary>Asks the metadata server of Google Compute Engine whether this machine is going to be preempted, or stopped for maintenance of its host.</summary>
/// <remarks>
/// <para>
/// <c>GET /computeMetadata/v1/instance/preempted</c> and <c>…/instance/maintenance-event</c> with the header <c>Metadata-Flavor: Google</c>, which the answer must bear, too. <c>TRUE</c> is a preemption: the
/// machine is stopped up to 30 s after it, on a best-effort basis. <c>TERMINATE_ON_HOST_MAINTENANCE</c> is a stop with 60 s notice, one hour for machines with a GPU; <c>MIGRATE_ON_HOST_MAINTENANCE</c> is survived and passed over.
/// </para>
/// <para>
/// The server gives no times. The deadline is 30 s (60 s) after the last answer that announced nothing, since the announcement may be as old as that; where there was none, after the first that announces. It is never before now.
/// </para>
/// <para>
/// Written from documentation, not run: no machine of Google Cloud was at hand. Tests run against a stub that answers as documented. Sources: Create and use Spot VMs
/// (https://cloud.google.com/compute/docs/instances/create-use-spot), Handle GPU host maintenance events (https://cloud.google.com/compute/docs/gpus/gpu-host-maintenance), Query VM metadata (https://cloud.google.com/compute/docs/metadata/querying-metadata).
/// </para>
/// </remarks>
[Experimental("MLOPS0001")]
public sealed class GcpSpotMetadata : ISpotMetadata
{
    private const string Flavor = "Google";

    private static readonly TimeSpan PreemptionNotice = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan MaintenanceNotice = TimeSpan.FromSeconds(60);

    private DateTimeOffset? _clearAt;

    /// <summary>Where the server is. http or https, no query.</summary>
    /// <value>Default <c>http://metadata.google.internal/</c>.</value>
    /// <exception cref="ArgumentException">It is not such an address.</exception>
    public Uri Address
    {
        get;
        init => field = MetadataClient.CheckAddress(value, nameof(value));
    } = new("http://metadata.google.internal/");

    /// <inheritdoc/>
    public string Name => "GCP";

    /// <inheritdoc/>
    public async ValueTask<InterruptionNotice?> FindNoticeAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        MetadataAnswer preempted = await GetAsync("instance/preempted", cancellationToken).ConfigureAwait(false);
        switch (preempted.Text.Trim())
        {
            case "TRUE":
                return ToNotice(InterruptionCause.GcpPreemption, PreemptionNotice, now);
            case "FALSE":
                break;
            default:
                throw preempted.Error("The metadata server answered neither TRUE nor FALSE.");
        }

        MetadataAnswer maintenance = await GetAsync("instance/maintenance-event", cancellationToken).ConfigureAwait(false);
        switch (maintenance.Text.Trim())
        {
            case "TERMINATE_ON_HOST_MAINTENANCE":
                return ToNotice(InterruptionCause.GcpMaintenance, MaintenanceNotice, now);
            case "NONE" or "MIGRATE_ON_HOST_MAINTENANCE":
                _clearAt = now;
                return null;
            default:
                throw maintenance.Error("The metadata server answered a maintenance event that is not known.");
        }
    }

    internal async Task ProbeAsync(CancellationToken cancellationToken) => await GetAsync("instance/preempted", cancellationToken).ConfigureAwait(false);

    private InterruptionNotice ToNotice(InterruptionCause cause, TimeSpan notice, DateTimeOffset now)
    {
        DateTimeOffset earliest = (_clearAt ?? now) + notice;
        return new InterruptionNotice { Cause = cause, NoticedAt = now, Deadline = earliest > now ? earliest : now };
    }

    private async Task<MetadataAnswer> GetAsync(string path, CancellationToken cancellationToken)
    {
        MetadataAnswer answer = await MetadataClient.SendAsync(HttpMethod.Get, new Uri(Address, "computeMetadata/v1/" + path), "Metadata-Flavor", Flavor, cancellationToken).ConfigureAwait(false);
        return answer.Flavor == Flavor ? answer.Granted() : throw answer.Error("What answered is not Google's metadata server: it does not say Metadata-Flavor: Google.");
    }
}
