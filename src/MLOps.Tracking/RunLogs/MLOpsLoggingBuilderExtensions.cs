using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using MLOps.Tracking;
using MLOps.Tracking.RunLogs;

namespace Microsoft.Extensions.Logging;

/// <summary>Adds the logs of runs to logging.</summary>
public static class MLOpsLoggingBuilderExtensions
{
    /// <summary>Keeps what is logged while there is a current run as an artifact of that run. Calling it again only sets options.</summary>
    /// <param name="logging">The logging of a host or a factory.</param>
    /// <param name="configure">Sets options.</param>
    /// <returns>The logging.</returns>
    /// <remarks>It needs no tracker of the container: the lines go to whichever run <see cref="Run.Current"/> is. Options out of their range raise <see cref="OptionsValidationException"/> when logging starts.</remarks>
    public static ILoggingBuilder AddRunLog(this ILoggingBuilder logging, Action<RunLogOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(logging);
        OptionsBuilder<RunLogOptions> options = logging.Services.AddOptions<RunLogOptions>();
        if (configure is not null)
            options.Configure(configure);
        logging.Services.TryAddEnumerable(
            ServiceDescriptor.Singleton<ILoggerProvider, RunLoggerProvider>(provider => new RunLoggerProvider(provider.GetRequiredService<IOptions<RunLogOptions>>().Value)));
        return logging;
    }
}
