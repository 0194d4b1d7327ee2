using System.IO.MemoryMappedFiles;
using System.Text;
using MLOps.Tracking;

namespace MLOps.Benchmarks.Scenarios;

/// <summary>What a child says to the process that kills it: memory that both map, so that it outlives the child.</summary>
internal sealed class CrashBoard : IDisposable
{
    private const int AcknowledgedAt = 0, StartedAt = 8, RunIdAt = 16, RunIdLength = 32;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;

    public CrashBoard(string path)
    {
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.OpenOrCreate, mapName: null, capacity: 4096);
        _view = _file.CreateViewAccessor();
    }

    /// <summary>The last step whose call has returned; steps count from 1.</summary>
    public long Acknowledged
    {
        get => _view.ReadInt64(AcknowledgedAt);
        set => _view.Write(AcknowledgedAt, value);
    }

    /// <summary>The run, once StartRunAsync has returned.</summary>
    public RunId? Run
    {
        get
        {
            if (_view.ReadInt64(StartedAt) == 0)
                return null;
            byte[] id = new byte[RunIdLength];
            _view.ReadArray(RunIdAt, id, 0, id.Length);
            return new RunId(Encoding.ASCII.GetString(id));
        }

        set
        {
            _view.WriteArray(RunIdAt, Encoding.ASCII.GetBytes(value!.Value.Value), 0, RunIdLength);
            _view.Write(StartedAt, 1L);
        }
    }

    public void Dispose()
    {
        _view.Dispose();
        _file.Dispose();
    }
}
