namespace MLOps.Training;

/// <summary>
/// The random numbers that shuffle an epoch. They are a part of what a checkpoint promises: a resume shuffles as the training that was stopped did, on every machine and with every
/// version of this package, so neither the numbers nor how they are used may change. <see cref="System.Random"/> promises neither.
/// </summary>
/// <remarks>
/// SplitMix64 from a state that is a hash of seed and epoch; whole numbers below a bound by multiplication and rejection, without bias.
/// Sources: Steele, Lea, Flood (2014), Fast splittable pseudorandom number generators; Lemire (2019), Fast random integer generation in an interval.
/// </remarks>
internal struct ShuffleGenerator
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    // "rows": other numbers than those that seed batches, where both come from one seed.
    private const ulong Domain = 0x726F7773;

    private ulong _state;

    internal ShuffleGenerator(ulong state) => _state = state;

    public ShuffleGenerator(long seed, int epoch)
        : this(unchecked(Mix(Mix((ulong)seed + Golden) ^ Mix((((ulong)(uint)epoch << 32) | Domain) + Golden))))
    {
    }

    /// <summary>64 random bits.</summary>
    public ulong Next() => Mix(unchecked(_state += Golden));

    /// <summary>A whole number of [0, <paramref name="bound"/>), each as likely as the others.</summary>
    /// <param name="bound">Greater than 0.</param>
    public ulong Next(ulong bound)
    {
        ulong high = Math.BigMul(Next(), bound, out ulong low);
        if (low < bound)
        {
            // 2^64 mod bound: so many products too many fall to some of the numbers.
            ulong surplus = unchecked(0 - bound) % bound;
            while (low < surplus)
                high = Math.BigMul(Next(), bound, out low);
        }

        return high;
    }

    private static ulong Mix(ulong z)
    {
        unchecked
        {
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }
}
