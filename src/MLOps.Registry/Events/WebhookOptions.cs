namespace MLOps.Registry.Events;

/// <summary>How a webhook delivers events.</summary>
public sealed class WebhookOptions
{
    /// <summary>
    /// Gives the secret that signs, asked before each attempt: <c>whsec_</c> and 24 to 64 bytes in base64, as the receiver has it. To change a secret without losing a
    /// delivery, give both with a space between them until the receiver knows the new one. Set this or <see cref="Secret"/>. It is never logged.
    /// </summary>
    public Func<CancellationToken, ValueTask<string>>? GetSecret { get; set; }

    /// <summary>The secret that signs, in the form of <see cref="GetSecret"/>.</summary>
    public string? Secret { get; set; }

    /// <summary>The types to deliver, of <see cref="CloudEvent.Types"/>. Default: none, which delivers all.</summary>
    public IReadOnlyList<string> Types { get; set; } = [];

    /// <summary>How long an attempt may take. Default: 15 s; 1 s to 5 minutes.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long to wait after the first failure; twice as long after each further one, up to <see cref="LongestDelay"/>, and a fifth more or less by chance. Default: 5 s; 100 ms to 1 hour.</summary>
    public TimeSpan FirstDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The longest wait between attempts, unless the receiver asks for a longer one by <c>Retry-After</c>. Default: 1 hour; <see cref="FirstDelay"/> to 1 day.</summary>
    public TimeSpan LongestDelay { get; set; } = TimeSpan.FromHours(1);

    /// <summary>How long after the first attempt an event is given up: it is logged as an error, counted, and the next event's turn comes. A process that takes over begins anew. Default: 1 day; up to 30 days.</summary>
    public TimeSpan GiveUpAfter { get; set; } = TimeSpan.FromDays(1);

    /// <summary>
    /// Makes the handler that sends, once, disposed with the registry: for client certificates, a proxy, or a handler of <c>IHttpMessageHandlerFactory</c>. It must not
    /// follow redirects. Null, the default: a <see cref="SocketsHttpHandler"/> without redirects and cookies.
    /// </summary>
    public Func<HttpMessageHandler>? CreateHandler { get; set; }

    internal void Check(string parameterName)
    {
        if ((GetSecret is null) == (Secret is null))
            throw new ArgumentException("A webhook has either a Secret or a GetSecret: deliveries are signed.", parameterName);
        if (Secret is not null && !WebhookSignature.TryReadSecrets(Secret, out _))
            throw new ArgumentException($"The webhook's Secret is not {WebhookSignature.SecretForm}.", parameterName);
        if (Types.Except(CloudEvent.Types, StringComparer.Ordinal).FirstOrDefault() is { } unknown)
            throw new ArgumentException($"There is no event type '{unknown}'; CloudEvent.Types has them all.", parameterName);
        CheckRange(Timeout, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(5), nameof(Timeout), parameterName);
        CheckRange(FirstDelay, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1), nameof(FirstDelay), parameterName);
        CheckRange(LongestDelay, FirstDelay, TimeSpan.FromDays(1), nameof(LongestDelay), parameterName);
        CheckRange(GiveUpAfter, TimeSpan.Zero, TimeSpan.FromDays(30), nameof(GiveUpAfter), parameterName);
    }

    private static void CheckRange(TimeSpan value, TimeSpan least, TimeSpan most, string name, string parameterName)
    {
        if (value < least || value > most)
            throw new ArgumentException($"The webhook's {name} is {least} to {most}, not {value}.", parameterName);
    }
}
