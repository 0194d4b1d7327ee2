using Microsoft.AspNetCore.Authentication;

namespace MLOps.Server.ApiKeys;

/// <summary>How API keys are checked.</summary>
public sealed class ApiKeyOptions : AuthenticationSchemeOptions
{
    /// <summary>The name of the scheme, unless the host gives it another.</summary>
    public const string Scheme = "MLOpsApiKey";

    /// <summary>The keys. Set by <c>AddMLOpsApiKeys</c>.</summary>
    public ApiKeyFile? Keys { get; set; }

    /// <summary>What a refused client is told that it may log in to. Default <c>MLOps</c>.</summary>
    public string Realm { get; set; } = "MLOps";

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        if (Keys is null)
            throw new InvalidOperationException("API keys need their file. Call AddMLOpsApiKeys(\"mlops.keys\").");
        if (string.IsNullOrWhiteSpace(Realm) || Realm.AsSpan().IndexOfAny('"', '\\') >= 0)
            throw new InvalidOperationException("The realm of API keys is a text without quotes and backslashes.");
    }
}
