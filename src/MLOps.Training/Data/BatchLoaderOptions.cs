using static TorchSharp.torch;

namespace MLOps.Training;

/// <summary>How a <see cref="BatchLoader{TItem, TBatch}"/> makes batches. Read once, when the loader is made.</summary>
/// <remarks><see cref="BatchSize"/>, <see cref="Shuffle"/>, <see cref="Seed"/>, <see cref="DropLast"/> and <see cref="ShuffleBuffer"/> decide which rows make which batch; a resume refuses others. The rest changes nothing but speed.</remarks>
public sealed class BatchLoaderOptions
{
    /// <summary>Rows of a batch, at least 1; 32 by default.</summary>
    public int BatchSize { get; set; } = 32;

    /// <summary>Whether each epoch has an order of its own, which <see cref="Seed"/> and the epoch's number decide; false by default. Rows of a list come in any order, each as likely; those of a sequence are mixed in a <see cref="ShuffleBuffer"/>.</summary>
    public bool Shuffle { get; set; }

    /// <summary>What the orders come from; 0 by default.</summary>
    public long Seed { get; set; }

    /// <summary>Whether the last rows of an epoch are left out when they don't fill a batch; false by default.</summary>
    public bool DropLast { get; set; }

    /// <summary>How many rows of a sequence are held to be mixed, at least 1; 1,000 by default. A row comes at most so many places early. Of no effect on a list, which is shuffled whole.</summary>
    public int ShuffleBuffer { get; set; } = 1_000;

    /// <summary>How many batches are collated at once, each on a thread of its own, at least 1. By default as many as the process has cores, 4 at most.</summary>
    public int Workers { get; set; } = Math.Min(4, Environment.ProcessorCount);

    /// <summary>How many batches are made ahead of the one that is taken, at least 1; null, the default, for twice <see cref="Workers"/>. Memory holds so many batches and two more.</summary>
    public int? Prefetch { get; set; }

    /// <summary>Whether batches are copied into page-locked memory, from which CUDA copies without making the program wait; false by default. For batches of type <see cref="TensorBatch"/>, where CUDA is available.</summary>
    public bool PinMemory { get; set; }

    /// <summary>The device that batches are moved to by the thread that collated them; null, the default, leaves them where they are. For batches of type <see cref="TensorBatch"/>.</summary>
    public Device? Device { get; set; }
}
