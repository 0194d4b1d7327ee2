using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using MLOps.Registry;
using MLOps.Server.LoggedModels;
using MLOps.Server.Wire;
using MLOps.Tracking.LoggedModels;
using MLOps.Tracking.Storage;

namespace MLOps.Server.Registry;

/// <summary>The logged models that versions are made of, and the tag in which each of them says which versions these are (contract §7.3).</summary>
internal sealed partial class LoggedModelRegistrations(ITrackingStore store, ILogger<LoggedModelRegistrations> logger) : IDisposable
{
    private const string Scheme = "models:/";

    // A tag is read and written in two steps; of two requests at once, one would lose its version.
    private readonly SemaphoreSlim _oneAtATime = new(1);

    public void Dispose() => _oneAtATime.Dispose();

    /// <summary>The logged model of an id; null where the store keeps none at all, so that the id is one of elsewhere.</summary>
    public async Task<LoggedModel?> FindAsync(string id, CancellationToken cancellationToken) =>
        !store.Capabilities.HasFlag(StoreCapabilities.LoggedModels) ? null
        : LoggedModelId.TryParse(id, out LoggedModelId legal) && await store.FindLoggedModelAsync(legal, cancellationToken).ConfigureAwait(false) is { Lifecycle: Lifecycle.Active } model ? model
        : throw MlflowException.NotFound($"Logged model with ID '{MlflowFields.Short(id)}' not found.");

    /// <summary>The logged model that is the source of a version; null for another source.</summary>
    public async Task<LoggedModel?> FindSourceAsync(string source, CancellationToken cancellationToken)
    {
        // A registered model whose name begins so is named with a version or an alias.
        if (!source.StartsWith(Scheme + "m-", StringComparison.Ordinal) || source.AsSpan(Scheme.Length).ContainsAny('/', '@'))
            return null;
        try
        {
            return await FindAsync(source[Scheme.Length..], cancellationToken).ConfigureAwait(false);
        }
        catch (MlflowException missing)
        {
            throw new MlflowException(ErrorCode.InvalidParameterValue, $"Unable to fetch model from model URI source artifact location '{MlflowFields.Short(source)}'. Error: {missing.Message}", missing);
        }
    }

    /// <summary>Adds a version to the tag. The version is there already: that its model cannot be told of it does not undo it.</summary>
    public async Task AddAsync(LoggedModelId id, ModelVersionRef version)
    {
        await _oneAtATime.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        try
        {
            LoggedModel model = await store.FindLoggedModelAsync(id, CancellationToken.None).ConfigureAwait(false) ?? throw new LoggedModelNotFoundException(id);
            LoggedModelChange change = new() { SetTags = new Dictionary<string, string>(StringComparer.Ordinal) { [LoggedModelConversions.ModelVersionsTag] = With(model.Tags.GetValueOrDefault(LoggedModelConversions.ModelVersionsTag), version) } };
            await store.ChangeLoggedModelAsync(id, change, CancellationToken.None).ConfigureAwait(false);
        }
        catch (MLOpsException failure)
        {
            LogNotTagged(failure, id, version.Number, version.Model);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <summary>The tag with a version at its end; without the first ones where it would become too long.</summary>
    internal static string With(string? tag, ModelVersionRef version)
    {
        List<string> items = ItemsOf(tag);
        string added = ItemOf(version);
        items.Remove(added);
        items.Add(added);
        int length = items.Sum(item => item.Length + 1) + 1;
        int skipped = 0;
        for (; length > Limits.TagValueLength && skipped < items.Count - 1; skipped++)
            length -= items[skipped].Length + 1;
        return $"[{string.Join(',', items.Skip(skipped))}]";
    }

    // Anybody may have set the tag, to anything: what is no list names no version.
    private static List<string> ItemsOf(string? tag)
    {
        if (tag is null)
            return [];
        try
        {
            using var document = JsonDocument.Parse(tag);
            return document.RootElement.ValueKind == JsonValueKind.Array ? [.. document.RootElement.EnumerateArray().Select(CompactItem)] : [];
        }
        catch (JsonException)
        {
            return [];
        }
    }

    private static string CompactItem(JsonElement item) => Write(item.WriteTo);

    private static string ItemOf(ModelVersionRef version) => Write(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("name", version.Model);
        writer.WriteNumber("version", version.Number);
        writer.WriteEndObject();
    });

    private static string Write(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> json = new();
        using (Utf8JsonWriter writer = new(json))
            write(writer);
        return Encoding.UTF8.GetString(json.WrittenSpan);
    }

    [LoggerMessage(5100, LogLevel.Warning, "Logged model {LoggedModel} could not be told that version {Number} of model {Model} was made of it")]
    private partial void LogNotTagged(Exception exception, LoggedModelId loggedModel, int number, string model);
}
