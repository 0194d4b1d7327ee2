using System.Globalization;
using MLOps.Cli.CommandLine;
using MLOps.Cli.Server;
using MLOps.Server.ApiKeys;

namespace MLOps.Cli.Keys;

/// <summary><c>mlops keys</c>: makes, lists and revokes the API keys of a server, which need not run.</summary>
internal static class KeysCommand
{
    private const string Help = """
        mlops keys: the API keys of a server. A running server heeds changes at once.

          mlops keys create NAME [--expires 90d]    makes a key and shows its secret, once
          mlops keys list                           lists the keys
          mlops keys revoke NAME                    takes a key away

        """;

    private static readonly Flag s_expires = new("--expires", "TIME", "From when on the key is refused: in 12h, 90d or 52w, or at a date as 2027-01-31, in UTC. Default: never.");

    private static readonly Flag[] s_flags = [s_expires, ServerFlags.ApiKeys with { Help = "The file of the keys. Default: mlops.keys beside the database." }, ServerFlags.Store];

    public static async Task<int> RunAsync(string[] args)
    {
        var given = GivenFlags.Parse("keys", s_flags, args, Environment.GetEnvironmentVariable);
        if (given.AsksForHelp || given.Arguments.Count == 0)
            return Tool.Say($"{Help}{Environment.NewLine}{GivenFlags.Describe(s_flags)}");
        ApiKeyFile keys = new(given[s_flags[1]] ?? ServerSettings.KeysBeside(StoreUri.FileOf(given[ServerFlags.Store] ?? ServerSettings.DefaultStore)));
        try
        {
            return given.Arguments switch
            {
                ["create", var name] => await CreateAsync(keys, name, given[s_expires]).ConfigureAwait(false),
                ["list"] => await ListAsync(keys).ConfigureAwait(false),
                ["revoke", var name] => await RevokeAsync(keys, name).ConfigureAwait(false),
                _ => throw new UsageException("It is `mlops keys create NAME`, `mlops keys list` or `mlops keys revoke NAME`."),
            };
        }
        catch (ArgumentException e)
        {
            throw new UsageException(e.Message);
        }
        catch (Exception e) when (e is InvalidOperationException or InvalidDataException or IOException)
        {
            return Tool.Complain(e.Message, Tool.Failed);
        }
    }

    private static async Task<int> CreateAsync(ApiKeyFile keys, string name, string? expires)
    {
        string secret = await keys.CreateAsync(name, expires is null ? null : ExpiryOf(expires)).ConfigureAwait(false);
        // To standard output the secret alone, so that a script can take it.
        Console.Error.WriteLine($"mlops: The key of '{name}' is in {keys.Path}, its secret nowhere but here: give it to its client as MLFLOW_TRACKING_TOKEN.");
        return Tool.Say(secret);
    }

    private static async Task<int> ListAsync(ApiKeyFile keys)
    {
        DateTimeOffset now = TimeProvider.System.GetUtcNow();
        foreach (ApiKey key in await keys.ListAsync().ConfigureAwait(false))
            Tool.Say($"{key.Name}\tcreated {Date(key.CreatedAt)}\t{(key.ExpiresAt is not { } end ? "never expires" : $"{(end <= now ? "expired" : "expires")} {Date(end)}")}");
        return Tool.Done;
    }

    private static async Task<int> RevokeAsync(ApiKeyFile keys, string name) =>
        await keys.RevokeAsync(name).ConfigureAwait(false) ? Tool.Say($"The key of '{name}' is revoked.") : Tool.Complain($"There is no key of '{name}' in {keys.Path}. `mlops keys list` lists them.", Tool.Failed);

    private static string Date(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);

    private static DateTimeOffset ExpiryOf(string text)
    {
        if (text.Length > 1 && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count is > 0 and < 100_000)
        {
            double? hours = text[^1] switch { 'h' => count, 'd' => 24.0 * count, 'w' => 168.0 * count, _ => null };
            if (hours is { } known)
                return TimeProvider.System.GetUtcNow().AddHours(known);
        }

        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time
            : throw new UsageException($"--expires takes 12h, 90d, 52w or a date as 2027-01-31, not '{text}'.");
    }
}
