using System.Text.Json;
using MathNet.Numerics.LinearAlgebra;

namespace QuickStart;

/// <summary>Logistic regression by gradient descent with a ridge penalty.</summary>
internal sealed class LogisticRegression(int features, double learningRate, double ridge)
{
    private Vector<double> _weights = Vector<double>.Build.Dense(features);

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    public static LogisticRegression Load(string file)
    {
        double[] weights = JsonSerializer.Deserialize<double[]>(File.ReadAllText(file)) ?? throw new InvalidDataException($"{file} has no weights.");
        return new LogisticRegression(weights.Length, learningRate: 0, ridge: 0) { _weights = Vector<double>.Build.DenseOfArray(weights) };
    }

    /// <summary>The weights, the bias first.</summary>
    public string ToJson() => JsonSerializer.Serialize(_weights.ToArray());

    /// <summary>One pass over the examples.</summary>
    public void Fit(Examples examples)
    {
        Vector<double> error = Predict(examples.Features) - examples.Targets;
        Vector<double> gradient = (examples.Features.TransposeThisAndMultiply(error) / error.Count) + (ridge * _weights);
        _weights -= learningRate * gradient;
    }

    /// <summary>The probability of target 1 for each row.</summary>
    public Vector<double> Predict(Matrix<double> features) => (features * _weights).Map(z => 1 / (1 + Math.Exp(-z)));

    /// <summary>The mean cross-entropy, in nats.</summary>
    public double Loss(Examples examples)
    {
        const double Smallest = 1e-12;
        Vector<double> predicted = Predict(examples.Features);
        return -predicted.Zip(examples.Targets, (p, target) => Math.Log(Math.Max(Smallest, target == 1 ? p : 1 - p))).Average();
    }
}
