namespace MLOps.Registry.Events;

/// <summary>Where a webhook delivers, and how.</summary>
internal sealed record Webhook(string Name, Uri Url, WebhookOptions Options)
{
    public static Webhook Create(string name, Uri url, Action<WebhookOptions> configure)
    {
        Limits.CheckKey(name, nameof(name));
        if (name.Length > MostNameLength)
            throw new ArgumentException($"A webhook's name has at most {MostNameLength} characters.", nameof(name));
        ArgumentNullException.ThrowIfNull(url);
        if (!url.IsAbsoluteUri || !(url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback)))
            throw new ArgumentException($"Webhook '{name}' needs an https URL; http is for this machine alone, where nobody listens in.", nameof(url));
        if (url.UserInfo.Length > 0)
            throw new ArgumentException($"The URL of webhook '{name}' has a user name or a password in it. Deliveries are signed; leave them out.", nameof(url));
        var options = new WebhookOptions();
        configure(options);
        options.Check(nameof(configure));
        return new Webhook(name, url, options);
    }

    // With its prefix it is the name of a cursor.
    private const int MostNameLength = 200;

    /// <summary>The cursor that says how far the webhook has come.</summary>
    public string Cursor => $"webhook:{Name}";

    public async ValueTask<List<byte[]>> KeysAsync(CancellationToken cancellationToken)
    {
        string secret = Options.Secret ?? await Options.GetSecret!(cancellationToken).ConfigureAwait(false);
        return WebhookSignature.TryReadSecrets(secret, out List<byte[]> keys) ? keys : throw new InvalidOperationException($"GetSecret of webhook '{Name}' did not give {WebhookSignature.SecretForm}.");
    }
}
