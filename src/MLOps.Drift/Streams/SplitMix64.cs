namespace MLOps.Drift.Streams;

/// <summary>A small generator of random numbers whose whole state is one number, so that it can be saved; System.Random's cannot.</summary>
/// <remarks>Source: Steele, Lea, Flood (2014), Fast splittable pseudorandom number generators, OOPSLA, 453–472.</remarks>
internal struct SplitMix64(ulong state)
{
    public ulong State { get; private set; } = state;

    /// <summary>A number from 0 to below a bound of up to 2³²; the chances of two numbers differ by less than 2⁻³².</summary>
    public int Below(int bound)
    {
        State += 0x9E3779B97F4A7C15;
        ulong mixed = State;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        mixed ^= mixed >> 31;
        return (int)(((mixed >> 32) * (ulong)bound) >> 32);
    }
}
