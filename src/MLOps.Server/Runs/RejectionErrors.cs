using MLOps.Server.Wire;
using MLOps.Tracking.Storage;

namespace MLOps.Server.Runs;

/// <summary>What a store refuses to apply, in MLflow's words (contract §5.3, 5.6, 5.8, 5.9).</summary>
internal static class RejectionErrors
{
    /// <summary>Commits records, all or none.</summary>
    /// <exception cref="MlflowException">The store refused one; nothing was applied.</exception>
    public static async Task CommitAsync(this ITrackingStore store, IReadOnlyList<TrackingRecord> records, CancellationToken cancellationToken)
    {
        RecordBatch batch = new() { Records = records, OnReject = OnReject.RefuseAll };
        AppendResult result = await store.AppendAsync(batch, cancellationToken).ConfigureAwait(false);
        if (result.Rejections is [var first, ..])
            throw Of(first, records[first.Index]);
    }

    /// <summary>The error of a record that was refused.</summary>
    public static MlflowException Of(Rejection rejection, TrackingRecord record) => rejection.Reason switch
    {
        RejectionReason.UnknownRun => MlflowException.NotFound($"Run with id={record.RunId} not found"),
        RejectionReason.RunPurged => MlflowException.NotFound($"Run with id={record.RunId} not found: it was purged for good."),
        RejectionReason.RunExists => new(ErrorCode.ResourceAlreadyExists, $"Run with id={record.RunId} already exists. {rejection.Message}"),
        RejectionReason.RunDeleted => MlflowException.Invalid($"The run {record.RunId} must be in the 'active' state. Current state is deleted. Restore it to write to it."),
        RejectionReason.UnknownExperiment => MlflowException.NotFound($"No Experiment with id={ExperimentOf(record)} exists"),
        RejectionReason.ExperimentDeleted => MlflowException.Invalid($"The experiment {ExperimentOf(record)} must be in the 'active' state. Current state is deleted. Restore it, or choose another."),
        RejectionReason.ParamChanged when record is TrackingRecord.ParamLogged param => MlflowException.Invalid(
            $"Changing param values is not allowed. Param with key='{param.Key}' was already logged with another value than '{MlflowFields.Short(param.Value)}' for run ID='{param.RunId}'. Log it under another key, or as a tag."),
        RejectionReason.UnknownTag when record is TrackingRecord.TagDeleted tag => MlflowException.NotFound($"No tag with name: {MlflowFields.Short(tag.Key)} in run with id {tag.RunId}"),
        RejectionReason.UnknownModel => MlflowException.NotFound(rejection.Message),
        _ => MlflowException.Invalid(rejection.Message),
    };

    private static string ExperimentOf(TrackingRecord record) => record is TrackingRecord.RunStarted started ? started.ExperimentId?.Value ?? started.ExperimentName ?? "" : "";
}
