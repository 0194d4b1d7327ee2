using System.Text;

namespace MLOps.Server.Tests.Faults.Fuzz;

/// <summary>A request as it is sent.</summary>
/// <param name="Method">The method.</param>
/// <param name="Target">Path and query as they are on the wire: printable ASCII without a space.</param>
/// <param name="ContentType">Null sends none.</param>
/// <param name="Body">Null sends none.</param>
/// <param name="Header">A header beside the usual ones.</param>
internal sealed record FuzzRequest(string Method, string Target, string? ContentType, byte[]? Body, (string Name, string Value)? Header = null)
{
    // What is sent is what was made: no segment of dots is resolved before the server sees it.
    private static readonly UriCreationOptions s_asGiven = new() { DangerousDisablePathAndQueryCanonicalization = true };

    /// <summary>Whether a route of the API is meant, wherever it leads: what answers then speaks JSON.</summary>
    public bool IsOfApi => (Target.StartsWith("/api/", StringComparison.Ordinal) || Target.StartsWith("/ajax-api/", StringComparison.Ordinal)) && !HasDotSegments;

    private bool HasDotSegments => Path.Replace("%2e", ".", StringComparison.OrdinalIgnoreCase).Split('/').Any(segment => segment is "." or "..");

    public string Path => Target.Split('?')[0];

    public HttpRequestMessage ToMessage(Uri server)
    {
        HttpRequestMessage message = new(new HttpMethod(Method), new Uri(server.GetLeftPart(UriPartial.Authority) + Target, s_asGiven));
        if (Body is not null)
        {
            message.Content = new ByteArrayContent(Body);
            if (ContentType is not null)
                message.Content.Headers.TryAddWithoutValidation("Content-Type", ContentType);
        }

        if (Header is { } header)
            message.Headers.TryAddWithoutValidation(header.Name, header.Value);
        return message;
    }

    /// <summary>A command for a shell that sends it again.</summary>
    public override string ToString()
    {
        StringBuilder command = new($"printf %s {Convert.ToBase64String(Body ?? [])} | base64 -d | curl -i --path-as-is -X {Method}");
        if (Body is not null)
            command.Append(" --data-binary @-").Append(ContentType is null ? " -H 'Content-Type;'" : $" -H {Quote($"Content-Type: {ContentType}")}");
        if (Header is { } header)
            command.Append(" -H ").Append(Quote($"{header.Name}: {header.Value}"));
        command.Append(' ').Append(Quote($"http://127.0.0.1:5000{Target}"));
        if (Body is { Length: > 0 and < 2000 })
            command.Append("\n  body: ").Append(Encoding.UTF8.GetString(Body));
        return command.ToString();
    }

    private static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
