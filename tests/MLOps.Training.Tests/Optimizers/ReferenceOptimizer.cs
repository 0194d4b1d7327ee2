namespace MLOps.Training.Tests.Optimizers;

/// <summary>
/// The update rules as PyTorch publishes them, number by number in float64: docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html and torch.optim.SGD.html, the tables "algorithm".
/// </summary>
internal sealed class ReferenceOptimizer(double[] parameters)
{
    private readonly double[] _first = new double[parameters.Length];
    private readonly double[] _second = new double[parameters.Length];
    private int _steps;

    public double[] Parameters { get; } = parameters;

    /// <summary>How far each parameter has gone, forth and back: what rounding errors are in proportion to.</summary>
    public double[] Path { get; } = new double[parameters.Length];

    public void AdamW(double[] gradients, double rate, double beta1, double beta2, double epsilon, double decay)
    {
        _steps++;
        for (int i = 0; i < Parameters.Length; i++)
        {
            double before = Parameters[i], g = gradients[i];
            Parameters[i] -= rate * decay * Parameters[i];
            _first[i] = beta1 * _first[i] + (1 - beta1) * g;
            _second[i] = beta2 * _second[i] + (1 - beta2) * g * g;
            double mean = _first[i] / (1 - Math.Pow(beta1, _steps)), square = _second[i] / (1 - Math.Pow(beta2, _steps));
            Parameters[i] -= rate * mean / (Math.Sqrt(square) + epsilon);
            Path[i] += Math.Abs(Parameters[i] - before);
        }
    }

    public void Sgd(double[] gradients, double rate, double momentum, double dampening, bool nesterov, double decay)
    {
        _steps++;
        for (int i = 0; i < Parameters.Length; i++)
        {
            double before = Parameters[i], g = gradients[i];
            if (decay != 0)
                g += decay * Parameters[i];
            if (momentum != 0)
            {
                _first[i] = _steps > 1 ? momentum * _first[i] + (1 - dampening) * g : g;
                g = nesterov ? g + momentum * _first[i] : _first[i];
            }

            Parameters[i] -= rate * g;
            Path[i] += Math.Abs(Parameters[i] - before);
        }
    }
}
