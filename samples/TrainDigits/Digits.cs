using System.Globalization;
using static TorchSharp.torch;

namespace TrainDigits;

/// <summary>The hand-written digits: images (rows, 1, 8, 8) float32 from 0 to 1, and what they show, (rows) int64 from 0 to 9.</summary>
internal sealed class Digits : IDisposable
{
    // Every fifth row is for the test, so that the split is the same everywhere and always.
    private const int TestEvery = 5, Side = 8;
    private const float Black = 16;

    private Digits(Part training, Part test) => (Training, Test) = (training, test);

    public Part Training { get; }

    public Part Test { get; }

    public static Digits Load()
    {
        string file = Path.Combine(AppContext.BaseDirectory, "data", "digits.csv");
        float[][] rows = [.. File.ReadLines(file).Skip(1).Select(line => line.Split(',').Select(cell => float.Parse(cell, CultureInfo.InvariantCulture)).ToArray())];
        return new(Part.Of([.. rows.Where((_, row) => row % TestEvery != 0)]), Part.Of([.. rows.Where((_, row) => row % TestEvery == 0)]));
    }

    public void Dispose()
    {
        Training.Dispose();
        Test.Dispose();
    }

    internal sealed class Part : IDisposable
    {
        private Part(Tensor images, Tensor labels) => (Images, Labels) = (images, labels);

        public Tensor Images { get; }

        public Tensor Labels { get; }

        public static Part Of(float[][] rows) => new(
            tensor(rows.SelectMany(row => row[..(Side * Side)]).Select(pixel => pixel / Black).ToArray(), [rows.Length, 1, Side, Side]),
            tensor(rows.Select(row => (long)row[Side * Side]).ToArray()));

        public void Dispose()
        {
            Images.Dispose();
            Labels.Dispose();
        }
    }
}
