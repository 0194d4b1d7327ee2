namespace MLOps.Drift.Statistics;

/// <summary>A number, 0 or more, with the precision of a double and no bounds that a probability reaches: 1e-5000 has all its digits. <c>default</c> is 0.</summary>
internal struct WideNumber
{
    private double _mantissa;
    private long _exponent;

    public static WideNumber One => new() { _mantissa = 1 };

    public readonly Probability AsProbability()
    {
        double log = Math.Log(_mantissa) + (_exponent * Math.Log(2));
        return log > -690 ? Probability.Of(Math.ScaleB(_mantissa, (int)_exponent)) : new Probability(Math.Exp(log), log);
    }

    public void Multiply(double factor)
    {
        _mantissa *= factor;
        if (_mantissa is (< 1e-100 or > 1e100) and not 0)
        {
            int exponent = Math.ILogB(_mantissa);
            _mantissa = Math.ScaleB(_mantissa, -exponent);
            _exponent += exponent;
        }
    }

    /// <summary>Adds a multiple of another number.</summary>
    public void Add(WideNumber other, double times)
    {
        other.Multiply(times);
        if (other._mantissa == 0)
            return;
        if (_mantissa == 0)
        {
            this = other;
            return;
        }

        // What is 2^-2000 of the other is lost whichever of the two it is.
        long shift = Math.Clamp(other._exponent - _exponent, -2000, 2000);
        if (shift > 0)
        {
            _mantissa = Math.ScaleB(_mantissa, (int)-shift) + other._mantissa;
            _exponent = other._exponent;
        }
        else
        {
            _mantissa += Math.ScaleB(other._mantissa, (int)shift);
        }
    }
}
