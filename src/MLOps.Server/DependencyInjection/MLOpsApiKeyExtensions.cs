using Microsoft.AspNetCore.Authentication;
using MLOps.Server.ApiKeys;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds API keys to the authentication of a host.</summary>
public static class MLOpsApiKeyExtensions
{
    /// <summary>
    /// Adds a scheme by which clients show an API key, as MLflow's do: <c>Authorization: Bearer</c> with the key (<c>MLFLOW_TRACKING_TOKEN</c>), or <c>Basic</c> with the key as the password
    /// (<c>MLFLOW_TRACKING_USERNAME</c>, <c>MLFLOW_TRACKING_PASSWORD</c>). Refused callers get 401 in MLflow's form.
    /// </summary>
    /// <param name="authentication">What <c>AddAuthentication</c> returns; further schemes may stand beside this one.</param>
    /// <param name="file">The file of the keys, which <c>mlops keys create</c> and <see cref="ApiKeyFile"/> write. Read again when it changes. Where it is not there, every key is refused.</param>
    /// <param name="configure">Sets further options; null takes the defaults.</param>
    /// <param name="scheme">The scheme's name.</param>
    /// <returns>The authentication.</returns>
    /// <example><code>
    /// builder.Services.AddAuthentication().AddMLOpsApiKeys("mlops.keys");
    /// builder.Services.AddAuthorization();
    /// app.MapMLOps().RequireAuthorization();
    /// </code></example>
    public static AuthenticationBuilder AddMLOpsApiKeys(this AuthenticationBuilder authentication, string file, Action<ApiKeyOptions>? configure = null, string scheme = ApiKeyOptions.Scheme)
    {
        ArgumentNullException.ThrowIfNull(authentication);
        ArgumentException.ThrowIfNullOrWhiteSpace(file);
        ArgumentException.ThrowIfNullOrWhiteSpace(scheme);
        ApiKeyFile keys = new(file);
        return authentication.AddScheme<ApiKeyOptions, ApiKeyHandler>(
            scheme,
            options =>
            {
                options.Keys = keys;
                configure?.Invoke(options);
            });
    }
}
