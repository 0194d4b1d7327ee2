namespace MLOps.Benchmarks;

/// <summary>A folder that lasts as long as what is measured in it.</summary>
internal sealed class ScratchFolder(string parent) : IDisposable
{
    public string Path { get; } = Directory.CreateDirectory(System.IO.Path.Combine(parent, $"mlops-bench-{Guid.NewGuid():N}")).FullName;

    public string Database => System.IO.Path.Combine(Path, "mlops.db");

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
