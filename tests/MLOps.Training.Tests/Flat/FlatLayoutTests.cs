using FsCheck;
using FsCheck.Fluent;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLOps.Training.Tests.Flat;

/// <summary>Whatever the parameters are, flattening moves them and changes nothing else.</summary>
[Collection("torch")]
public sealed class FlatLayoutTests
{
    private static readonly ScalarType[] Types = [ScalarType.Float16, ScalarType.BFloat16, ScalarType.Float32, ScalarType.Float64];

    private static Gen<Shape> Shapes =>
        from dimensions in Gen.Choose(0, 3)
        from sizes in Gen.Choose(0, 5).ArrayOf(dimensions)
        from type in Gen.Frequency((6, Gen.Constant(2)), (4, Gen.Choose(0, 3)))
        from place in Gen.Choose(0, 2)
        from kind in Gen.Choose(0, 9)
        select new Shape(sizes, Types[type], place, IsFrozen: kind == 0, IsTransposed: kind > 6);

    [Fact]
    public void Values_and_gradients_are_those_of_the_plain_module_and_tile_the_buffers()
    {
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(TestLength.Of(100, 3_000)).WithEndSize(24),
            Prop.ForAll(Arb.From(Shapes.ListOf()), Arb.From(Gen.Choose(0, int.MaxValue)), (shapes, seed) =>
            {
                using DisposeScope scope = NewDisposeScope();
                using ParameterBag plain = Make([.. shapes, new Shape([2], ScalarType.Float32, 0, false, false)], seed), module = Make([.. shapes, new Shape([2], ScalarType.Float32, 0, false, false)], seed);
                int[] groups = [.. shapes.Select(shape => shape.Group), 0];

                using FlatModel model = new(module, (name, _) => $"group {groups[int.Parse(name.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture)]}");

                Assert.Equal(Bits.OfAll(plain.All), Bits.OfAll(module.All));
                for (int factor = 1; factor <= 2; factor++)
                {
                    plain.Loss(factor).backward();
                    module.Loss(factor).backward();
                }

                model.Verify();
                foreach ((Parameter expected, Parameter actual) in plain.All.Zip(module.All).Where(pair => pair.First.requires_grad))
                    Assert.Equal(Bits.Of(expected.grad!), Bits.Of(actual.grad!));
                Assert.Equal(plain.All.Count(parameter => parameter.requires_grad), model.Buffers.Sum(buffer => buffer.Entries.Count));
                foreach (FlatBuffer buffer in model.Buffers)
                    AssertTiles(buffer);
            }));
    }

    private static void AssertTiles(FlatBuffer buffer)
    {
        bool[] isTaken = new bool[buffer.Parameters.numel()];
        foreach (FlatParameter entry in buffer.Entries)
        {
            Assert.Equal(0, entry.Offset * buffer.Parameters.ElementSize % 64);
            Assert.Equal(entry.Tensor.numel(), entry.Length);
            foreach (int i in Enumerable.Range((int)entry.Offset, (int)entry.Length))
            {
                Assert.False(isTaken[i], $"{entry.Name} overlaps at {i}");
                isTaken[i] = true;
            }

            using Tensor view = entry.ViewOf(buffer.Parameters), gradient = entry.ViewOf(buffer.Gradients);
            Assert.Equal(Bits.Of(entry.Tensor), Bits.Of(view));
            Assert.Equal(Bits.Of(entry.Tensor.grad!), Bits.Of(gradient));
        }

        double[] parameters = Bits.Values(buffer.Parameters), gradients = Bits.Values(buffer.Gradients);
        for (int i = 0; i < isTaken.Length; i++)
            Assert.True(isTaken[i] || (parameters[i] == 0 && gradients[i] == 0), $"padding at {i}");
    }

    private static ParameterBag Make(Shape[] shapes, int seed)
    {
        Random random = new(seed);
        ParameterBag module = new();
        foreach (Shape shape in shapes)
        {
            double[] values = [.. Enumerable.Range(0, shape.Sizes.Aggregate(1, (product, size) => product * size)).Select(_ => 2 * random.NextDouble() - 1)];
            Tensor value = tensor(values, [.. shape.Sizes.Select(size => (long)size)]).to(shape.Type);
            module.Add(shape.IsTransposed && value.dim() > 1 ? value.transpose(0, -1) : value, requiresGrad: !shape.IsFrozen);
        }

        return module;
    }

    private sealed record Shape(int[] Sizes, ScalarType Type, int Group, bool IsFrozen, bool IsTransposed);
}
