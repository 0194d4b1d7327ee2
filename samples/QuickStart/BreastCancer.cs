using System.Globalization;
using MathNet.Numerics.LinearAlgebra;

namespace QuickStart;

/// <summary>Rows to learn from: standardised features with a leading 1 for the bias, and the target (1 benign, 0 malignant).</summary>
internal sealed record Examples(Matrix<double> Features, Vector<double> Targets);

/// <summary>The Wisconsin Diagnostic Breast Cancer data, split into rows to train on and rows to validate with.</summary>
internal sealed record BreastCancer(Examples Training, Examples Validation)
{
    private const double ValidationShare = 0.3;

    public static BreastCancer Load(string file, Random random)
    {
        double[][] rows = [.. File.ReadLines(file).Skip(1).Select(line => line.Split(',').Select(cell => double.Parse(cell, CultureInfo.InvariantCulture)).ToArray())];
        random.Shuffle(rows);
        int validation = (int)(rows.Length * ValidationShare);
        double[][] training = rows[validation..];
        int columns = training[0].Length - 1;

        // Mean and deviation come from the training rows alone: the validation rows stay unseen.
        double[] mean = [.. Enumerable.Range(0, columns).Select(c => training.Average(row => row[c]))];
        double[] deviation = [.. Enumerable.Range(0, columns).Select(c => Math.Sqrt(training.Average(row => Math.Pow(row[c] - mean[c], 2))))];

        return new BreastCancer(Standardise(training), Standardise(rows[..validation]));

        Examples Standardise(double[][] part) => new(
            Matrix<double>.Build.Dense(part.Length, columns + 1, (r, c) => c == 0 ? 1 : (part[r][c - 1] - mean[c - 1]) / deviation[c - 1]),
            Vector<double>.Build.Dense(part.Length, r => part[r][columns]));
    }
}
