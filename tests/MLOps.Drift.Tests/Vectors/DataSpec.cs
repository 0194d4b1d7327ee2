using System.Globalization;
using System.Text.Json;

namespace MLOps.Drift.Tests.Vectors;

/// <summary>The data of a vector, rebuilt from its description: explicit values, a linear congruential generator, or a column of a file.</summary>
public static class DataSpec
{
    public static double[] Numbers(JsonElement spec)
    {
        if (spec.TryGetProperty("concat", out JsonElement parts))
            return [.. parts.EnumerateArray().SelectMany(Numbers)];
        if (spec.TryGetProperty("values", out JsonElement values))
            return VectorCase.NumbersOf(values);
        return spec.TryGetProperty("csv", out JsonElement file) ? Column(spec, file.GetString()!) : Generated(spec);
    }

    /// <summary>All columns of a file but its target, row after row.</summary>
    public static double[][] Features(string file)
    {
        (string[] header, double[][] rows) = Read(file);
        int target = Array.IndexOf(header, "target");
        return [.. rows.Select(row => row.Where((_, column) => column != target).ToArray())];
    }

    private static double[] Generated(JsonElement spec)
    {
        double Parameter(string name, double otherwise) => spec.TryGetProperty(name, out JsonElement found) ? VectorCase.Number(found) : otherwise;
        ulong state = spec.TryGetProperty("seed", out JsonElement seed) ? seed.GetUInt64() : 0;
        double Next()
        {
            state = unchecked((state * 6364136223846793005UL) + 1442695040888963407UL);
            return (state >> 11) * (1.0 / (1UL << 53));
        }

        double a = Parameter("a", 0), b = Parameter("b", 1), mu = Parameter("mu", 0), sigma = Parameter("sigma", 1), scale = Parameter("scale", 1), p = Parameter("p", 0);
        double step = Parameter("step", 1), offset = Parameter("offset", 0);
        ulong k = (ulong)Parameter("k", 1);
        double[] cumulated = spec.TryGetProperty("cum", out JsonElement cum) ? VectorCase.NumbersOf(cum) : [];
        double[] values = new double[spec.GetProperty("n").GetInt32()];
        for (int i = 0; i < values.Length; i++)
            values[i] = One(i);
        if (spec.TryGetProperty("nan_every", out JsonElement every))
        {
            for (int i = every.GetInt32() - 1; i < values.Length; i += every.GetInt32())
                values[i] = double.NaN;
        }

        return values;

        double One(int i)
        {
            switch (spec.GetProperty("gen").GetString())
            {
                case "uniform":
                    return a + ((b - a) * Next());
                case "ih12":
                    double sum = 0;
                    for (int draw = 0; draw < 12; draw++)
                        sum += Next();
                    return mu + (sigma * (sum - 6.0));
                case "cube":
                    double u = Next();
                    return scale * (u * u * u);
                case "lattice":
                    Next();
                    return offset + (((state >> 33) % k) * step);
                case "bern":
                    return Next() < p ? 1 : 0;
                case "cat":
                    double at = Next();
                    int level = Array.FindIndex(cumulated, bound => at < bound);
                    return level < 0 ? cumulated.Length - 1 : level;
                case "ramp":
                    return a + (b * i);
                case var other:
                    throw new NotSupportedException($"No generator '{other}'.");
            }
        }
    }

    private static double[] Column(JsonElement spec, string file)
    {
        (string[] header, double[][] rows) = Read(file);
        int column = Array.IndexOf(header, spec.GetProperty("column").GetString());
        IEnumerable<double[]> chosen = rows;
        if (spec.TryGetProperty("where", out JsonElement where) && where.ValueKind == JsonValueKind.Array)
        {
            int by = Array.IndexOf(header, where[0].GetString());
            double value = where[1].GetDouble();
            chosen = chosen.Where(row => row[by] == value);
        }

        if (spec.TryGetProperty("rows", out JsonElement range) && range.ValueKind == JsonValueKind.Array)
            chosen = chosen.Take(new Range(range[0].GetInt32(), range[1].GetInt32()));
        if (spec.TryGetProperty("every", out JsonElement every) && every.ValueKind == JsonValueKind.Array)
            chosen = chosen.Where((_, row) => row % every[0].GetInt32() == every[1].GetInt32());
        return [.. chosen.Select(row => row[column])];
    }

    private static (string[] Header, double[][] Rows) Read(string file)
    {
        string[] lines = File.ReadAllLines(VectorCase.PathOf(Path.Combine("data", file)));
        return (
            lines[0].Split(','),
            [.. lines[1..].Where(line => line.Length > 0).Select(line => line.Split(',').Select(text => double.Parse(text, CultureInfo.InvariantCulture)).ToArray())]);
    }
}
