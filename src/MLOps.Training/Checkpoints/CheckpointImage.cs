using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace MLOps.Training.Checkpoints;

/// <summary>A copy of the state of a training in native memory, laid out as its files will be, so that it is copied once and written from there. Used again and again; grows when the state does.</summary>
/// <remarks>Filled on the training's thread and read on another afterwards: whoever owns it sees that these do not meet.</remarks>
internal sealed unsafe class CheckpointImage : IDisposable
{
    private const int Alignment = 64;
    private readonly List<ImageFile> _files = [];
    private readonly List<CheckpointManifest.PartEntry> _parts = [];
    private Block? _memory;

    /// <summary>The files: one for each part that has tensors.</summary>
    public IReadOnlyList<ImageFile> Files => _files;

    /// <summary>The parts, with their values.</summary>
    public IReadOnlyList<CheckpointManifest.PartEntry> Parts => _parts;

    /// <summary>Takes memory for a state of this shape and touches all of it, so that the first copy into it does not wait for pages.</summary>
    /// <exception cref="ArgumentException">A part has a name, or a tensor a type, that a checkpoint can't keep.</exception>
    public void Prepare(IReadOnlyList<TrainingState> states) => Lay(states);

    /// <summary>Copies a state.</summary>
    /// <exception cref="ArgumentException">A part has a name, or a tensor a type, that a checkpoint can't keep.</exception>
    public void Take(IReadOnlyList<TrainingState> states)
    {
        List<(TrainingState State, SafetensorsHeader Header, byte[] Bytes)> laid = Lay(states);
        using IDisposable noGrad = no_grad();
        for (int i = 0; i < laid.Count; i++)
        {
            (TrainingState state, SafetensorsHeader header, byte[] bytes) = laid[i];
            nint at = _files[i].Address;
            bytes.CopyTo(new Span<byte>((void*)at, bytes.Length));
            at += bytes.Length;
            foreach (SafetensorsEntry entry in header.Entries)
                Copy(state.Tensors[entry.Name], entry, at + (nint)entry.Begin);
        }

        Thread.MemoryBarrier();
    }

    public void Dispose() => _memory?.Dispose();

    private List<(TrainingState State, SafetensorsHeader Header, byte[] Bytes)> Lay(IReadOnlyList<TrainingState> states)
    {
        List<(TrainingState State, SafetensorsHeader Header, byte[] Bytes)> laid = [];
        _files.Clear();
        _parts.Clear();
        long total = 0;
        List<(string Name, long Offset, long Bytes)> places = [];
        foreach (TrainingState state in states)
        {
            if (!CheckpointName.IsPart(state.Name))
                throw new ArgumentException($"A part of the training is named '{state.Name}'; a checkpoint takes lower-case letters, digits and hyphens. See TrainerCallback.StateName.", nameof(states));
            string? file = state.Tensors.Count == 0 ? null : CheckpointName.FileOf(state.Name);
            // Copied: the state is the caller's.
            _parts.Add(new() { Name = state.Name, File = file, Values = new Dictionary<string, string>(state.Values, StringComparer.Ordinal) });
            if (file is null)
                continue;
            SafetensorsHeader header = SafetensorsHeader.Of(state.Tensors.Select(pair => (pair.Key, pair.Value.dtype, pair.Value.shape)));
            byte[] bytes = header.ToBytes();
            laid.Add((state, header, bytes));
            places.Add((file, total, bytes.Length + header.DataBytes));
            total += (bytes.Length + header.DataBytes + Alignment - 1) / Alignment * Alignment;
        }

        if (_memory is null || total > _memory.Bytes)
        {
            _memory?.Dispose();
            _memory = new Block(total);
        }

        foreach ((string name, long offset, long bytes) in places)
            _files.Add(new(name, _memory.Address + (nint)offset, bytes));
        return laid;
    }

    private static void Copy(Tensor tensor, SafetensorsEntry entry, nint to)
    {
        if (entry.Bytes == 0)
            return;
        if (tensor.device_type == DeviceType.CPU && tensor.is_contiguous())
        {
            StreamingCopy.Copy(NativeTensor.DataOf(tensor), to, entry.Bytes);
            return;
        }

        using Tensor target = BorrowedTensor.Over(to, entry.Type, entry.Shape);
        target.copy_(tensor);
    }

    /// <summary>A file that lies in memory.</summary>
    internal readonly record struct ImageFile(string Name, nint Address, long Bytes);

    /// <summary>Memory whose pages are there.</summary>
    private sealed class Block : SafeHandle
    {
        public Block(long bytes)
            : base(0, ownsHandle: true)
        {
            SetHandle((nint)NativeMemory.AlignedAlloc((nuint)bytes, Alignment));
            Bytes = bytes;
            NativeMemory.Clear((void*)handle, (nuint)bytes);
        }

        public override bool IsInvalid => handle == 0;

        public long Bytes { get; }

        public nint Address => handle;

        protected override bool ReleaseHandle()
        {
            NativeMemory.AlignedFree((void*)handle);
            return true;
        }
    }
}
