using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using Microsoft.Extensions.Logging;
using MLOps.Training.Checkpoints;

namespace MLOps.Training;

/// <summary>Uploads checkpoints one after another beside the training.</summary>
/// <param name="every">Whether each is due; else one that is still waiting when the next comes is passed over.</param>
/// <param name="upload">Uploads one.</param>
/// <param name="logger">Where failures are told at once.</param>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "The token source has no timer, and an upload may still heed it when the training is over.")]
internal sealed partial class CheckpointUploads(bool every, Func<Checkpoint, CancellationToken, Task> upload, ILogger logger)
{
    private readonly Lock _gate = new();
    private readonly Queue<Checkpoint> _due = new();
    private readonly CancellationTokenSource _ending = new();
    private readonly List<Exception> _errors = [];
    private Task _work = Task.CompletedTask;
    private bool _isWorking;

    /// <summary>Puts a checkpoint in line and returns.</summary>
    public void Add(Checkpoint checkpoint)
    {
        lock (_gate)
        {
            if (!every)
                _due.Clear();
            _due.Enqueue(checkpoint);
            if (_isWorking)
                return;
            (_isWorking, _work) = (true, Task.Run(WorkAsync));
        }
    }

    /// <summary>Waits for all that are in line.</summary>
    /// <param name="cancellationToken">Gives the rest up.</param>
    /// <exception cref="OperationCanceledException">There was no time for all.</exception>
    /// <exception cref="Exception">What an upload threw that no later one made up for.</exception>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        Task work;
        lock (_gate)
            work = _work;
        try
        {
            await work.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            await _ending.CancelAsync().ConfigureAwait(false);
            throw;
        }

        Exception[] errors;
        lock (_gate)
        {
            errors = [.. _errors];
            _errors.Clear();
        }

        if (errors.Length == 1)
            ExceptionDispatchInfo.Throw(errors[0]);
        if (errors.Length > 1)
            throw new AggregateException("Checkpoints could not be logged as artifacts.", errors);
    }

    private async Task WorkAsync()
    {
        while (true)
        {
            Checkpoint? checkpoint;
            lock (_gate)
            {
                if (!_due.TryDequeue(out checkpoint) || _ending.IsCancellationRequested)
                {
                    _isWorking = false;
                    return;
                }
            }

            try
            {
                await upload(checkpoint, _ending.Token).ConfigureAwait(false);
                if (!every)
                    SetError(null);
            }
            catch (Exception gone) when (gone is DirectoryNotFoundException or FileNotFoundException)
            {
                // Retention may remove a checkpoint that waits here: there are newer ones then.
                LogGone(logger, checkpoint.Name);
            }
#pragma warning disable CA1031 // Thrown at the end of the training, which goes on until then.
            catch (Exception error)
            {
                LogFailed(logger, checkpoint.Name, error);
                SetError(error);
            }
#pragma warning restore CA1031
        }
    }

    private void SetError(Exception? error)
    {
        lock (_gate)
        {
            if (!every)
                _errors.Clear();
            if (error is not null)
                _errors.Add(error);
        }
    }

    [LoggerMessage(4300, LogLevel.Warning, "Checkpoint {Checkpoint} could not be logged as an artifact; training goes on")]
    private static partial void LogFailed(ILogger logger, string checkpoint, Exception exception);

    [LoggerMessage(4301, LogLevel.Warning, "Checkpoint {Checkpoint} was removed before it could be logged as an artifact: keep more of them, or log fewer")]
    private static partial void LogGone(ILogger logger, string checkpoint);
}
