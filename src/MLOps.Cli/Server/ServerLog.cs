using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace MLOps.Cli.Server;

/// <summary>What the server logs: one line for each event, to standard output.</summary>
internal static class ServerLog
{
    public static void Add(ILoggingBuilder logging, ServerSettings settings)
    {
        logging.SetMinimumLevel(settings.LogLevel);
        logging.AddFilter("Microsoft", settings.LogLevel > LogLevel.Warning || settings.LogLevel < LogLevel.Information ? settings.LogLevel : LogLevel.Warning);
        // What keeps the server from starting is told in a sentence.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Error, settings.LogLevel);
        if (settings.AccessLog)
            logging.AddFilter("Microsoft.AspNetCore.HttpLogging", LogLevel.Information);
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.ColorBehavior = LoggerColorBehavior.Disabled;
        });
    }

    // Kestrel calls critical what the tool says in a sentence: that it cannot listen.
    private static void AddFilter(this ILoggingBuilder logging, string category, LogLevel highest, LogLevel lowest) =>
        logging.AddFilter(category, level => level <= highest && level >= (lowest < LogLevel.Warning && lowest >= LogLevel.Information ? LogLevel.Warning : lowest));
}
