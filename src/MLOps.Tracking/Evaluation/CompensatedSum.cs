namespace MLOps.Tracking.Evaluation;

/// <summary>A sum whose rounding error does not grow with the number of its terms. <c>default</c> is an empty sum.</summary>
/// <remarks>Source: Neumaier (1974), ZAMM 54, 39–51: Kahan's summation that also holds where a term is larger than the sum so far.</remarks>
internal struct CompensatedSum
{
    private double _sum;
    private double _lost;

    // An infinite sum has lost "infinity minus infinity", which is no correction.
    public readonly double Value => double.IsFinite(_sum) ? _sum + _lost : _sum;

    public void Add(double term)
    {
        double sum = _sum + term;
        _lost += Math.Abs(_sum) >= Math.Abs(term) ? _sum - sum + term : term - sum + _sum;
        _sum = sum;
    }

    public void Add(CompensatedSum other)
    {
        Add(other._sum);
        _lost += other._lost;
    }
}
