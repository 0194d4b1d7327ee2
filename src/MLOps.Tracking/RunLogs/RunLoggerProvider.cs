using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using MLOps.Tracking.RunLogs;

namespace MLOps.Tracking;

/// <summary>
/// Keeps what a program logs while <see cref="Run.Current"/> is set as the artifact <c>logs/run.log</c> of that run, of nested runs of the innermost one. Without a current run
/// it goes nowhere. In a container: <c>logging.AddRunLog()</c>.
/// </summary>
/// <remarks>
/// One line an event, <c>2026-11-24T10:15:30.123Z info  Category[EventId] message</c> in UTC and the invariant culture, exceptions indented below; what else would begin a line, or
/// act on a terminal, is written as an escape. When a log call returns, its line survives the end of the process at any instant; nothing waits and nothing is raised for it.
/// The log is uploaded when the run ends; that of a killed process by whoever opens the store next. A part of a run that is not surely its first (resumed, shared, started with an id
/// of the caller's) has its log at <c>logs/run-&lt;time&gt;-&lt;number&gt;.log</c>. Lines that a full disk did not take are counted in <see cref="RunHealth.LogLinesMissing"/>.
/// All members may be used from any thread at once. The name for filters is <c>RunLog</c>.
/// </remarks>
[ProviderAlias("RunLog")]
public sealed class RunLoggerProvider : ILoggerProvider, ISupportExternalScope
{
    /// <summary>Makes a provider for any <see cref="ILoggerFactory"/>. One is enough for all trackers of a process.</summary>
    /// <param name="options">What is kept; null for the defaults.</param>
    /// <exception cref="OptionsValidationException">An option is out of its range.</exception>
    public RunLoggerProvider(RunLogOptions? options = null)
    {
        options ??= new RunLogOptions();
        ValidateOptionsResult validation = new RunLogOptionsValidator().Validate(null, options);
        if (validation.Failed)
            throw new OptionsValidationException(Options.DefaultName, typeof(RunLogOptions), validation.Failures);
        (MinimumLevel, MaxBytes, IncludeScopes, MaskSecrets) = (options.MinimumLevel, options.MaxBytes, options.IncludeScopes, options.MaskSecrets);
    }

    internal LogLevel MinimumLevel { get; }

    internal long MaxBytes { get; }

    internal bool IncludeScopes { get; }

    internal bool MaskSecrets { get; }

    internal IExternalScopeProvider? Scopes { get; private set; }

    /// <summary>Makes the logger of a category.</summary>
    /// <param name="categoryName">The category.</param>
    /// <returns>The logger.</returns>
    public ILogger CreateLogger(string categoryName)
    {
        ArgumentNullException.ThrowIfNull(categoryName);
        return new RunLogger(this, categoryName);
    }

    /// <summary>Takes the scopes of the factory; called by it.</summary>
    /// <param name="scopeProvider">Knows the scopes.</param>
    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => Scopes = scopeProvider;

    /// <summary>Does nothing: the logs belong to their runs.</summary>
    public void Dispose()
    {
    }
}
