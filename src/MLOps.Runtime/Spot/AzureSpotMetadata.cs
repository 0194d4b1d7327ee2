using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace MLOps.Runtime;

/// <summary>Asks the Scheduled Events of Azure's instance metadata service whether this virtual machine is going to be evicted, deleted, rebooted or moved.</summary>
/// <remarks>
/// <para>
/// <c>GET /metadata/scheduledevents?api-version=2020-07-01</c> with the header <c>Metadata: true</c>. Of the events that name this machine the earliest of type <c>Preempt</c>, <c>Terminate</c>, <c>Reboot</c> or
/// <c>Redeploy</c> is the notice; a <c>Freeze</c> only pauses the machine for seconds and is passed over. <c>NotBefore</c> is the deadline; it is empty once the event has started, and the deadline then now.
/// The least notice that Azure gives is 30 s for Preempt, 5 minutes for Terminate (where it is enabled), 10 for Redeploy and 15 for Reboot. Events are never approved: approval would hasten them.
/// </para>
/// <para>The first question switches Scheduled Events on, and its answer can take two minutes: until then questions time out and are counted as failed. A day without questions switches them off.</para>
/// <para>
/// Written from documentation, not run: no machine of Azure was at hand. Tests run against a stub that answers as documented. Sources: Scheduled Events for Linux VMs in Azure
/// (https://learn.microsoft.com/azure/virtual-machines/linux/scheduled-events), Azure Instance Metadata Service (https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service).
/// </para>
/// </remarks>
[Experimental("MLOPS0001")]
public sealed class AzureSpotMetadata : ISpotMetadata
{
    private string? _resourceName;

    /// <summary>Where the service is. http or https, no query.</summary>
    /// <value>Default <c>http://169.254.169.254/</c>.</value>
    /// <exception cref="ArgumentException">It is not such an address.</exception>
    public Uri Address
    {
        get;
        init => field = MetadataClient.CheckAddress(value, nameof(value));
    } = new("http://169.254.169.254/");

    /// <summary>
    /// The name by which events mean this machine: its resource name, not its host name; of a scale set's machine like <c>workers_3</c>. Compared without regard to case. Null: the service is asked for it, once
    /// (<c>/metadata/instance/compute/name</c>). It matters because each machine of an availability set or scale set hears of the events of all.
    /// </summary>
    /// <value>Default null.</value>
    public string? ResourceName { get; init; }

    /// <inheritdoc/>
    public string Name => "Azure";

    /// <inheritdoc/>
    public async ValueTask<InterruptionNotice?> FindNoticeAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        string name = ResourceName ?? await GetNameAsync(cancellationToken).ConfigureAwait(false);
        MetadataAnswer answer = (await GetAsync("metadata/scheduledevents?api-version=2020-07-01", cancellationToken).ConfigureAwait(false)).Granted();
        return answer.ReadObject(json => Events(answer, json)
            .Where(scheduled => Concerns(answer, scheduled, name))
            .Select(scheduled => ToNotice(answer, scheduled, now))
            .OfType<InterruptionNotice>()
            .MinBy(notice => notice.Deadline));
    }

    internal async Task ProbeAsync(CancellationToken cancellationToken) => await GetNameAsync(cancellationToken).ConfigureAwait(false);

    private static IEnumerable<JsonElement> Events(MetadataAnswer answer, JsonElement json)
    {
        if (!json.TryGetProperty("Events", out JsonElement events) || events.ValueKind != JsonValueKind.Array)
            throw answer.Error("The metadata service answered no list of 'Events'.");
        foreach (JsonElement scheduled in events.EnumerateArray())
            yield return scheduled.ValueKind == JsonValueKind.Object ? scheduled : throw answer.Error("The metadata service answered an event that is not an object.");
    }

    private static bool Concerns(MetadataAnswer answer, JsonElement scheduled, string name)
    {
        if (!scheduled.TryGetProperty("Resources", out JsonElement resources) || resources.ValueKind != JsonValueKind.Array)
            throw answer.Error("The metadata service answered an event without its list of 'Resources'.");
        return resources.EnumerateArray().Any(resource => resource.ValueKind == JsonValueKind.String && string.Equals(resource.GetString(), name, StringComparison.OrdinalIgnoreCase));
    }

    private static InterruptionNotice? ToNotice(MetadataAnswer answer, JsonElement scheduled, DateTimeOffset now)
    {
        InterruptionCause? cause = answer.FindText(scheduled, "EventType") switch
        {
            "Preempt" => InterruptionCause.AzurePreempt,
            "Terminate" => InterruptionCause.AzureTerminate,
            "Reboot" => InterruptionCause.AzureReboot,
            "Redeploy" => InterruptionCause.AzureRedeploy,
            null => throw answer.Error("The metadata service answered an event without its 'EventType'."),
            _ => null,
        };
        if (cause is not { } known)
            return null;
        string? notBefore = answer.FindText(scheduled, "NotBefore");
        string detail = string.Join(": ", new[] { answer.FindText(scheduled, "EventId"), answer.FindText(scheduled, "Description") }.Where(text => !string.IsNullOrEmpty(text)));
        return new InterruptionNotice
        {
            Cause = known,
            NoticedAt = now,
            Deadline = string.IsNullOrWhiteSpace(notBefore) ? now : answer.ToTime("NotBefore", notBefore),
            Detail = detail.Length > 0 ? detail : null,
        };
    }

    private async Task<string> GetNameAsync(CancellationToken cancellationToken)
    {
        if (_resourceName is { } known)
            return known;
        MetadataAnswer answer = (await GetAsync("metadata/instance/compute/name?api-version=2021-02-01&format=text", cancellationToken).ConfigureAwait(false)).Granted();
        string name = answer.Text.Trim();
        if (name.Length == 0)
            throw answer.Error("The metadata service answered no name for this machine. Set ResourceName.");
        return _resourceName = name;
    }

    private Task<MetadataAnswer> GetAsync(string path, CancellationToken cancellationToken) => MetadataClient.SendAsync(HttpMethod.Get, new Uri(Address, path), "Metadata", "true", cancellationToken);
}
