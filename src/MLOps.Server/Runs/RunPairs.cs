using MLOps.Server.Wire;
using MLOps.Tracking.Storage;

namespace MLOps.Server.Runs;

/// <summary>Reads params and tags of runs from requests (contract §4): a key must be there and be legal; a value that is not there is empty, and one beyond its limit is cut or refused.</summary>
/// <param name="truncates">Whether long values are cut: <see cref="MLOpsServerOptions.TruncateLongValues"/>.</param>
internal sealed class RunPairs(bool truncates)
{
    /// <summary>A param, from an object with <c>key</c> and <c>value</c>.</summary>
    public TrackingRecord.ParamLogged Param(RunId run, MlflowFields pair) => new(run, Key(pair), Value(pair, Limits.ParamValueLength));

    /// <summary>A tag, from an object with <c>key</c> and <c>value</c>.</summary>
    public TrackingRecord.TagSet Tag(RunId run, MlflowFields pair) => new(run, Key(pair), Value(pair, Limits.TagValueLength));

    /// <summary>A legal key.</summary>
    public static string Key(MlflowFields pair, string name = "key")
    {
        string key = pair.RequiredText(name);
        return Limits.KeyError(key) is { } error ? throw pair.Refuse(name, error) : key;
    }

    /// <summary>A value, cut to its limit or refused beyond it; empty when it is not there.</summary>
    public string Value(MlflowFields pair, int limit)
    {
        string value = pair.Text("value") ?? "";
        if (value.Length <= limit)
            return value;
        if (!truncates)
            throw pair.Refuse("value", $"a text of at most {limit} characters is expected; this one has {value.Length}.");
        // Half of a surrogate pair is no text.
        return value[..(char.IsHighSurrogate(value[limit - 1]) ? limit - 1 : limit)];
    }
}
