namespace MLOps.Runtime.Tests.Spot;

internal sealed record StubRequest(string Method, string Target, IReadOnlyDictionary<string, string> Headers)
{
    public string? Header(string name) => Headers.GetValueOrDefault(name);
}
