using System.Buffers;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using MLOps.Tracking.Capture;

namespace MLOps.Tracking.RunLogs;

/// <summary>Writes the events of a category into the log of the current run. Whatever goes wrong in here, the program does not notice.</summary>
internal sealed class RunLogger(RunLoggerProvider provider, string category) : ILogger
{
    private const string CutMark = " … (cut)", Indent = "    ";
    private const int LongestWord = 1024;
    private static readonly SearchValues<char> s_unsafe = SearchValues.Create(
        [.. Enumerable.Range(0, 0x20).Concat(Enumerable.Range(0x7F, 0x21)).Except(['\t']).Concat(Enumerable.Range(0x2028, 7)).Concat(Enumerable.Range(0x2066, 4)).Select(c => (char)c)]);

    private readonly int _largest = RunLog.LargestText(provider.MaxBytes);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => provider.Scopes?.Push(state);

    // False without a run, so that nobody formats a message for nothing.
    public bool IsEnabled(LogLevel logLevel) => logLevel >= provider.MinimumLevel && logLevel != LogLevel.None && Run.Current is not null;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (logLevel < provider.MinimumLevel || logLevel == LogLevel.None || Run.Current is not { } run)
            return;
        try
        {
            var text = new StringBuilder(256);
            text.Append(CultureInfo.InvariantCulture, $"{run.Tracker.Clock.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {NameOf(logLevel)} ");
            AppendSafely(text, category);
            text.Append(CultureInfo.InvariantCulture, $"[{eventId.Id}]");
            if (provider.IncludeScopes)
                provider.Scopes?.ForEachScope((scope, to) => AppendSafely(to.Append(" => "), Clean(scope)), text);
            AppendSafely(text.Append(' '), Clean(new Message<TState>(state, exception, formatter)));
            text.Append('\n');
            if (exception is not null)
            {
                foreach (ReadOnlySpan<char> line in Clean(exception).AsSpan().EnumerateLines())
                    AppendSafely(text.Append(Indent), line).Append('\n');
            }

            Append(run, text.ToString());
        }
        catch (Exception)
        {
            // The disk's refusals are counted further down; what is left is a process out of memory, which a log must not make worse.
        }
    }

    private static string NameOf(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info ",
        LogLevel.Warning => "warn ",
        LogLevel.Error => "error",
        _ => "crit ",
    };

    // A text from outside begins no line, moves no cursor and turns no reading direction.
    private static StringBuilder AppendSafely(StringBuilder to, ReadOnlySpan<char> text)
    {
        while (true)
        {
            int at = text.IndexOfAny(s_unsafe);
            if (at < 0)
                return to.Append(text);
            to.Append(text[..at]);
            _ = text[at] switch
            {
                '\n' => to.Append("\\n"),
                '\r' => to.Append("\\r"),
                var other => to.Append(CultureInfo.InvariantCulture, $"\\u{(int)other:X4}"),
            };
            text = text[(at + 1)..];
        }
    }

    private static string TextOf(object? value)
    {
        try
        {
            return value?.ToString() ?? "";
        }
        catch (Exception exception)
        {
            return $"(could not be formatted: {exception.GetType().FullName})";
        }
    }

    // Cut before the secrets are looked for, which takes time, and between words, so that none is cut in two.
    private string Clean(object? value)
    {
        string text = TextOf(value);
        if (text.Length > _largest)
        {
            int word = text.AsSpan(_largest - LongestWord, LongestWord).LastIndexOfAny(' ', '\n', '\t');
            text = text[..(word < 0 ? _largest : _largest - LongestWord + word)] + CutMark;
        }

        return provider.MaskSecrets ? Redactor.Redact(text) : text;
    }

    private void Append(Run run, string text)
    {
        int size = Encoding.UTF8.GetByteCount(text);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(size + RunLogFile.NoteRoom);
        try
        {
            Encoding.UTF8.GetBytes(text, buffer);
            if (size > _largest)
            {
                ReadOnlySpan<byte> mark = " … (cut)\n"u8;
                int end = _largest - mark.Length;
                while ((buffer[end] & 0xC0) == 0x80)
                    end--;
                mark.CopyTo(buffer.AsSpan(end));
                size = end + mark.Length;
            }

            buffer.AsSpan(size, RunLogFile.NoteRoom).Clear();
            run.Log.Append(buffer.AsSpan(0, size + RunLogFile.NoteRoom), provider.MaxBytes);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private readonly struct Message<TState>(TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        public override string ToString() => formatter(state, exception);
    }
}
