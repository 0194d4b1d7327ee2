using System.IO.MemoryMappedFiles;
using System.Text;
using MLOps.Tracking;

/// <summary>What the child has been promised, in memory that both processes map and that outlives the child.</summary>
internal sealed class Board(MemoryMappedFile memory) : IDisposable
{
    public const int Bytes = 64;
    private const int AcknowledgedAt = 0, RunIdAt = 8, RunIdLength = 32;
    private readonly MemoryMappedViewAccessor _view = memory.CreateViewAccessor(0, Bytes);

    /// <summary>The last step whose call has returned; steps count from 1.</summary>
    public long Acknowledged
    {
        get => _view.ReadInt64(AcknowledgedAt);
        set => _view.Write(AcknowledgedAt, value);
    }

    public RunId Run
    {
        get
        {
            byte[] id = new byte[RunIdLength];
            _view.ReadArray(RunIdAt, id, 0, id.Length);
            return new RunId(Encoding.ASCII.GetString(id));
        }

        set => _view.WriteArray(RunIdAt, Encoding.ASCII.GetBytes(value.Value), 0, RunIdLength);
    }

    public void Dispose() => _view.Dispose();
}
