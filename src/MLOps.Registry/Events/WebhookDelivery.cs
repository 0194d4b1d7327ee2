using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;
using MLOps.Registry.Audit;
using MLOps.Registry.Storage;

namespace MLOps.Registry.Events;

/// <summary>Delivers the events of one webhook, in order and at least once, as long as this process holds the webhook's cursor; the processes of a store take turns.</summary>
internal sealed partial class WebhookDelivery : IAsyncDisposable
{
    private const int PageLength = 100;
    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(5);
    private readonly Guid _holder = Guid.NewGuid();
    private readonly CancellationTokenSource _closing = new();
    private readonly Webhook _webhook;
    private readonly IRegistryStore _store;
    private readonly TimeProvider _clock;
    private readonly CommitSignal _signal;
    private readonly CloudEventReader _reader;
    private readonly EventsTelemetry _telemetry;
    private readonly ILogger _logger;
    private readonly HttpClient _http;
    private readonly TimeSpan _lease;
    private readonly Random _random = new();
    private Task _loop = Task.CompletedTask;

    public WebhookDelivery(Webhook webhook, IRegistryStore store, TimeProvider clock, CommitSignal signal, CloudEventReader reader, EventsTelemetry telemetry, ILogger logger)
    {
        (_webhook, _store, _clock, _signal, _reader, _telemetry, _logger) = (webhook, store, clock, signal, reader, telemetry, logger);
        HttpMessageHandler handler = webhook.Options.CreateHandler?.Invoke() ?? new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, PooledConnectionLifetime = TimeSpan.FromMinutes(5) };
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };

        // Longer than an attempt, so that nobody else begins while one is under way.
        _lease = (2 * webhook.Options.Timeout) + TimeSpan.FromSeconds(30);
    }

    public void Start() => _loop = Task.Run(() => FollowAsync(_closing.Token));

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        try
        {
            await _loop.WaitAsync(ClosePatience).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            LogHangs(_webhook.Name, ClosePatience);
        }

        _http.Dispose();
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        bool holds = false;
        try
        {
            bool isGone = false;
            while (!isGone)
            {
                Task next = _signal.Next;
                try
                {
                    while (!isGone && await _store.TakeCursorAsync(_webhook.Cursor, _holder, _lease, cancellationToken).ConfigureAwait(false) is { } position)
                    {
                        holds = true;
                        IReadOnlyList<AuditRecord> page = await _store.ReadAuditAsync(position, PageLength, cancellationToken).ConfigureAwait(false);
                        isGone = !await DeliverAsync(page, cancellationToken).ConfigureAwait(false);
                        if (page.Count == 0)
                            break;
                    }
                }
                catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
                {
                    LogStoreAway(_webhook.Name, exception);
                }

                if (!isGone)
                    await _signal.WaitAsync(next, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }

        if (holds)
            await ReleaseAsync().ConfigureAwait(false);
    }

    /// <summary>Lets another process take over at once rather than after the lease.</summary>
    private async ValueTask ReleaseAsync()
    {
        try
        {
            using var patience = new CancellationTokenSource(ClosePatience / 2);
            await _store.TakeCursorAsync(_webhook.Cursor, _holder, TimeSpan.FromMilliseconds(1), patience.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // The lease ends by itself.
            LogStoreAway(_webhook.Name, exception);
        }
    }

    /// <returns>False when the receiver wants no more.</returns>
    private async ValueTask<bool> DeliverAsync(IReadOnlyList<AuditRecord> page, CancellationToken cancellationToken)
    {
        for (int i = 0; i < page.Count; i++)
        {
            CloudEvent? told = null;
            try
            {
                told = await _reader.ReadAsync(page[i], cancellationToken).ConfigureAwait(false);
            }
            catch (InvalidDataException exception)
            {
                LogDamaged(_webhook.Name, page[i].Sequence, exception);
            }

            Outcome outcome = told is null || (_webhook.Options.Types.Count > 0 && !_webhook.Options.Types.Contains(told.Type, StringComparer.Ordinal))
                ? Outcome.Skipped
                : await DeliverAsync(told, cancellationToken).ConfigureAwait(false);
            if (outcome == Outcome.Gone)
                return false;
            if (outcome == Outcome.Lost)
                return true;

            // What is skipped needs no write of its own, unless it is the last one.
            if ((outcome != Outcome.Skipped || i == page.Count - 1) && !await _store.MoveCursorAsync(_webhook.Cursor, _holder, page[i].Sequence, cancellationToken).ConfigureAwait(false))
                return true;
        }

        return true;
    }

    private async ValueTask<Outcome> DeliverAsync(CloudEvent told, CancellationToken cancellationToken)
    {
        byte[] body = told.ToJson();
        long began = _clock.GetTimestamp();
        TimeSpan delay = _webhook.Options.FirstDelay;
        for (int attempt = 1; ; attempt++)
        {
            if (attempt > 1 && await _store.TakeCursorAsync(_webhook.Cursor, _holder, _lease, cancellationToken).ConfigureAwait(false) is null)
                return Outcome.Lost;
            (string? failure, bool isGone, TimeSpan? asked) = await AttemptAsync(told, body, cancellationToken).ConfigureAwait(false);
            if (failure is null)
            {
                _telemetry.Delivered(_webhook.Name);
                return Outcome.Delivered;
            }

            _telemetry.Failed(_webhook.Name);
            if (isGone)
            {
                LogGone(_webhook.Name, told.Event.Sequence);
                return Outcome.Gone;
            }

            TimeSpan wait = delay * (0.8 + (0.4 * _random.NextDouble()));
            wait = asked > wait ? asked.Value : wait;
            if (_clock.GetElapsedTime(began) + wait > _webhook.Options.GiveUpAfter)
            {
                _telemetry.GaveUp(_webhook.Name);
                LogGaveUp(_webhook.Name, told.Event.Sequence, told.Type, attempt, failure);
                return Outcome.GivenUp;
            }

            LogFailed(_webhook.Name, told.Event.Sequence, attempt, failure, wait);
            if (!await WaitAsync(wait, cancellationToken).ConfigureAwait(false))
                return Outcome.Lost;
            delay = delay * 2 < _webhook.Options.LongestDelay ? delay * 2 : _webhook.Options.LongestDelay;
        }
    }

    /// <summary>Waits and goes on holding the cursor.</summary>
    /// <returns>Whether it is still held.</returns>
    private async ValueTask<bool> WaitAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        while (wait > TimeSpan.Zero)
        {
            TimeSpan part = wait < _lease / 2 ? wait : _lease / 2;
            await Task.Delay(part, _clock, cancellationToken).ConfigureAwait(false);
            wait -= part;
            if (await _store.TakeCursorAsync(_webhook.Cursor, _holder, _lease, cancellationToken).ConfigureAwait(false) is null)
                return false;
        }

        return true;
    }

    private async ValueTask<(string? Failure, bool IsGone, TimeSpan? RetryAfter)> AttemptAsync(CloudEvent told, byte[] body, CancellationToken cancellationToken)
    {
        using var timeout = new CancellationTokenSource(_webhook.Options.Timeout, _clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            string timestamp = _clock.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
            string signature = WebhookSignature.Sign(await _webhook.KeysAsync(either.Token).ConfigureAwait(false), told.Id, timestamp, body);
            using var request = new HttpRequestMessage(HttpMethod.Post, _webhook.Url) { Content = new ByteArrayContent(body) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(CloudEvent.MediaType, "utf-8");
            request.Headers.Add(WebhookSignature.IdHeader, told.Id);
            request.Headers.Add(WebhookSignature.TimestampHeader, timestamp);
            request.Headers.Add(WebhookSignature.SignatureHeader, signature);
            using HttpResponseMessage response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
            return response.IsSuccessStatusCode
                ? (null, false, null)
                : ($"it answered {(int)response.StatusCode}", response.StatusCode == HttpStatusCode.Gone, RetryAfter(response.Headers.RetryAfter));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return ($"it did not answer within {_webhook.Options.Timeout}", false, null);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // The message of another exception than ours may quote what the delegate read.
            return (exception is HttpRequestException http ? $"it could not be reached: {http.HttpRequestError}" : $"{exception.GetType().Name} before it was sent", false, null);
        }
    }

    private TimeSpan? RetryAfter(RetryConditionHeaderValue? header) => header?.Delta ?? (header?.Date is { } date ? date - _clock.GetUtcNow() : null);

    private enum Outcome
    {
        Delivered,
        Skipped,
        GivenUp,
        Gone,
        Lost,
    }

    [LoggerMessage(2310, LogLevel.Warning, "Webhook {Webhook} could not deliver event {Sequence} at attempt {Attempt}: {Failure}. The next attempt is in {Wait}")]
    private partial void LogFailed(string webhook, long sequence, int attempt, string failure, TimeSpan wait);

    [LoggerMessage(2311, LogLevel.Error, "Webhook {Webhook} gave up event {Sequence} of type {Type} after {Attempts} attempts: {Failure}. The event stays in the audit log; the next one's turn comes")]
    private partial void LogGaveUp(string webhook, long sequence, string type, int attempts, string failure);

    [LoggerMessage(2312, LogLevel.Error, "Webhook {Webhook} is switched off until the registry is opened again: its receiver answered 410 Gone to event {Sequence}, which waits")]
    private partial void LogGone(string webhook, long sequence);

    [LoggerMessage(2313, LogLevel.Warning, "The store failed for webhook {Webhook}; it goes on where it was")]
    private partial void LogStoreAway(string webhook, Exception exception);

    [LoggerMessage(2314, LogLevel.Error, "Webhook {Webhook} left out event {Sequence} of the audit log: it is damaged")]
    private partial void LogDamaged(string webhook, long sequence, Exception exception);

    [LoggerMessage(2315, LogLevel.Warning, "Webhook {Webhook} did not end within {Patience} of the registry's disposal; it was left")]
    private partial void LogHangs(string webhook, TimeSpan patience);
}
