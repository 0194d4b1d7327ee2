using Microsoft.Extensions.Logging;

namespace MLOps.Registry.Serving;

/// <summary>A loaded model and who uses it: the source for as long as it gives it out, and every lease.</summary>
/// <remarks>The count begins at 1 and never rises again from 0, so that a model that is being disposed cannot be taken.</remarks>
internal sealed partial class LoadedModel<T>
    where T : class
{
    private readonly ModelFiles _files;
    private readonly ILogger _logger;
    private readonly Action _release;
    private int _users = 1;

    public LoadedModel(T model, ModelFiles files, DateTimeOffset loadedAt, ILogger logger)
    {
        (Model, _files, LoadedAt, _logger) = (model, files, loadedAt, logger);
        // Not on the thread of the request that lets go last: it did not ask for the wait.
        _release = () =>
        {
            if (Interlocked.Decrement(ref _users) == 0)
                _ = Task.Run(DisposeAsync);
        };
    }

    public T Model { get; }

    public ModelVersion? Version => _files.Version;

    public DateTimeOffset LoadedAt { get; }

    public ModelLease<T>? TryAcquire()
    {
        int users = Volatile.Read(ref _users);
        while (users > 0)
        {
            int seen = Interlocked.CompareExchange(ref _users, users + 1, users);
            if (seen == users)
                return new ModelLease<T>(Model, Version, _release);
            users = seen;
        }

        return null;
    }

    /// <summary>The source gives it out no more.</summary>
    public ValueTask RetireAsync() => Interlocked.Decrement(ref _users) == 0 ? DisposeAsync() : ValueTask.CompletedTask;

    private async ValueTask DisposeAsync()
    {
        try
        {
            if (Model is IAsyncDisposable asynchronous)
                await asynchronous.DisposeAsync().ConfigureAwait(false);
            else
                (Model as IDisposable)?.Dispose();
        }
        catch (Exception e)
        {
            LogNotDisposed(_logger, _files.Uri, Version?.Number, e);
        }
        finally
        {
            _files.Dispose();
        }
    }

    [LoggerMessage(2433, LogLevel.Error, "Version {Version} of {Uri} failed to be disposed after its last use")]
    private static partial void LogNotDisposed(ILogger logger, ModelUri uri, int? version, Exception exception);
}
