using System.Diagnostics.CodeAnalysis;
using System.Net;

namespace MLOps.Runtime;

/// <summary>Asks the instance metadata service of Amazon EC2 whether this Spot Instance is going to be interrupted.</summary>
/// <remarks>
/// <para>
/// Speaks version 2 of the service only (IMDSv2), which every instance has: a token by <c>PUT /latest/api/token</c>, kept for five of its six hours and renewed when it is refused, then
/// <c>GET /latest/meta-data/spot/instance-action</c>. Status 404 there means that nothing is announced; else it is JSON with <c>action</c> (<c>stop</c>, <c>terminate</c> or <c>hibernate</c>) and <c>time</c>,
/// which becomes the deadline. AWS gives two minutes' notice, on a best-effort basis; a hibernation begins at once.
/// </para>
/// <para>In a container the token reaches the program only if the instance's metadata hop limit is 2 or more. A service that is switched off on the instance refuses with 403.</para>
/// <para>
/// Written from documentation, not run: no instance of AWS was at hand. Tests run against a stub that answers as documented. Sources, Amazon EC2 User Guide: Spot Instance interruption notices
/// (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html), EC2 instance rebalance recommendations (…/rebalance-recommendations.html), Use the Instance Metadata Service
/// (…/configuring-instance-metadata-service.html).
/// </para>
/// </remarks>
[Experimental("MLOPS0001")]
public sealed class AwsSpotMetadata : ISpotMetadata
{
    private const string TokenHeader = "X-aws-ec2-metadata-token";
    private const string TokenSeconds = "21600";

    private static readonly TimeSpan TokenUse = TimeSpan.FromHours(5);

    /// <summary>The notice that AWS gives before an interruption, and so what is left at least while none is announced.</summary>
    private static readonly TimeSpan Notice = TimeSpan.FromMinutes(2);

    private (string Value, DateTimeOffset At)? _token;

    /// <summary>Where the service is. http or https, no query.</summary>
    /// <value>Default <c>http://169.254.169.254/</c>; <c>http://[fd00:ec2::254]/</c> is its address by IPv6.</value>
    /// <exception cref="ArgumentException">It is not such an address.</exception>
    public Uri Address
    {
        get;
        init => field = MetadataClient.CheckAddress(value, nameof(value));
    } = new("http://169.254.169.254/");

    /// <summary>
    /// Whether a rebalance recommendation is a notice, too, with <see cref="InterruptionCause.AwsRebalance"/> and a deadline two minutes after it was seen: an interruption can follow it at once.
    /// It can also not follow for hours, which is why it is passed over unless asked for: true where something starts a replacement meanwhile, as Capacity Rebalancing of an Auto Scaling group does.
    /// </summary>
    /// <value>Default false.</value>
    public bool HeedsRebalance { get; init; }

    /// <inheritdoc/>
    public string Name => "AWS";

    /// <inheritdoc/>
    public async ValueTask<InterruptionNotice?> FindNoticeAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        MetadataAnswer? action = await FindAsync("latest/meta-data/spot/instance-action", now, cancellationToken).ConfigureAwait(false);
        if (action is not null)
        {
            return action.ReadObject(json => new InterruptionNotice
            {
                Cause = InterruptionCause.AwsSpot,
                NoticedAt = now,
                Deadline = action.ToTime("time", action.FindText(json, "time")),
                Detail = action.FindText(json, "action"),
            });
        }

        MetadataAnswer? rebalance = HeedsRebalance ? await FindAsync("latest/meta-data/events/recommendations/rebalance", now, cancellationToken).ConfigureAwait(false) : null;
        return rebalance?.ReadObject(json => new InterruptionNotice
        {
            Cause = InterruptionCause.AwsRebalance,
            NoticedAt = now,
            Deadline = now + Notice,
            Detail = FormattableString.Invariant($"recommended {rebalance.ToTime("noticeTime", rebalance.FindText(json, "noticeTime")):O}"),
        });
    }

    internal async Task ProbeAsync(DateTimeOffset now, CancellationToken cancellationToken) => await GetTokenAsync(now, cancellationToken).ConfigureAwait(false);

    /// <summary>The answer for a path; null when there is nothing there.</summary>
    private async Task<MetadataAnswer?> FindAsync(string path, DateTimeOffset now, CancellationToken cancellationToken)
    {
        MetadataAnswer answer = await GetAsync().ConfigureAwait(false);
        if (answer.Status == HttpStatusCode.Unauthorized)
        {
            // Expired, or of an instance that this one is a copy of.
            _token = null;
            answer = await GetAsync().ConfigureAwait(false);
        }

        return answer.Status == HttpStatusCode.NotFound ? null : answer.Granted();

        async Task<MetadataAnswer> GetAsync()
        {
            string token = await GetTokenAsync(now, cancellationToken).ConfigureAwait(false);
            return await MetadataClient.SendAsync(HttpMethod.Get, new Uri(Address, path), TokenHeader, token, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<string> GetTokenAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (_token is { } kept && now - kept.At < TokenUse)
            return kept.Value;
        MetadataAnswer answer = (await MetadataClient.SendAsync(HttpMethod.Put, new Uri(Address, "latest/api/token"), TokenHeader + "-ttl-seconds", TokenSeconds, cancellationToken).ConfigureAwait(false)).Granted();
        string token = answer.Text.Trim();
        if (token.Length == 0 || token.Any(c => c is <= ' ' or > '~'))
            throw answer.Error("The metadata service answered a token that no header can hold.");
        _token = (token, now);
        return token;
    }
}
