namespace MLOps.Registry.Tests.Serving;

/// <summary>A model that notices when it is used after its end, or ended twice.</summary>
internal sealed class FakeModel(string text) : IDisposable
{
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _disposals;

    public Task Disposed => _disposed.Task;

    public int Disposals => Volatile.Read(ref _disposals);

    public static async ValueTask<FakeModel> LoadAsync(ModelFiles files, CancellationToken cancellationToken)
    {
        string text = await File.ReadAllTextAsync(files.GetPath("model.txt"), cancellationToken);
        return text == "bad" ? throw new InvalidDataException("This is no model.") : new FakeModel(text);
    }

    public string Predict()
    {
        ObjectDisposedException.ThrowIf(Disposals > 0, this);
        Thread.Yield();
        ObjectDisposedException.ThrowIf(Disposals > 0, this);
        return text;
    }

    public void Dispose()
    {
        Interlocked.Increment(ref _disposals);
        _disposed.TrySetResult();
    }
}
