using System.Security.Cryptography;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking;

/// <summary>Says which data a run used.</summary>
public static class DatasetExtensions
{
    /// <summary>Logs a dataset as an input of the run. The same dataset in the same role again changes nothing.</summary>
    /// <param name="run">The run.</param>
    /// <param name="dataset">Name, digest, source, schema and role.</param>
    /// <exception cref="ArgumentException">Name or digest is empty, or a part is over its limit.</exception>
    /// <exception cref="InvalidOperationException">The run has ended.</exception>
    public static void LogDataset(this Run run, DatasetInput dataset)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(dataset);
        var record = new TrackingRecord.DatasetUsed(run.Id, dataset);
        if (Limits.RecordError(record) is { } error)
            throw new ArgumentException(error, nameof(dataset));
        run.ThrowIfEnded();
        run.Append(record);
    }

    /// <summary>Logs a file as an input of the run: named as the file, with the first 32 hex digits of its SHA-256 as digest.</summary>
    /// <param name="run">The run.</param>
    /// <param name="file">The file; it is read once, streamed.</param>
    /// <param name="role">What the run uses it for, for example <c>training</c>; null leaves it unsaid.</param>
    /// <param name="schema">The schema, as JSON by convention; null when unknown.</param>
    /// <param name="cancellationToken">Gives up; nothing is logged.</param>
    /// <returns>The dataset as logged.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidOperationException">The run has ended.</exception>
    public static async ValueTask<DatasetInput> LogDatasetAsync(
        this Run run, string file, string? role = null, string? schema = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentException.ThrowIfNullOrEmpty(file);
        var content = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, useAsync: true);
        await using (content.ConfigureAwait(false))
        {
            byte[] hash = await SHA256.HashDataAsync(content, cancellationToken).ConfigureAwait(false);
            var dataset = new DatasetInput
            {
                Name = Path.GetFileName(file),
                Digest = Convert.ToHexStringLower(hash)[..32],
                Source = new Uri(Path.GetFullPath(file)).AbsoluteUri,
                Schema = schema,
                Role = role,
            };
            run.LogDataset(dataset);
            return dataset;
        }
    }
}
