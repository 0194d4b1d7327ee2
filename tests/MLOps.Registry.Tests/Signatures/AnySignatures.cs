using FsCheck;
using FsCheck.Fluent;
using MLOps.Registry.Signatures;

namespace MLOps.Registry.Tests.Signatures;

/// <summary>Signatures of few names, types and categories, so that two are often compatible; and chains of changes that are mostly so.</summary>
public static class AnySignatures
{
    private static readonly Gen<ColumnType> s_type = Gen.Elements(ColumnType.Integer, ColumnType.Long, ColumnType.Float, ColumnType.Double, ColumnType.String);

    public static Arbitrary<ModelSignature> Signature() => Arb.From(
        from inputs in Side()
        from outputs in Side()
        from parameters in Names().SelectMany(names => Param().ArrayOf(names.Length).Select(all => names.Zip(all, (name, param) => param with { Name = name }).ToArray()))
        select new ModelSignature { Inputs = inputs, Outputs = outputs, Params = parameters });

    private static Gen<SignatureSchema> Side() => Gen.Frequency((3, Columns()), (1, Tensors()));

    private static Gen<string[]> Names() => Gen.SubListOf<string>(["a", "b"]).Select(names => names.ToArray());

    private static Gen<SignatureSchema> Columns() =>
        from names in Names()
        from columns in Column().ArrayOf(names.Length)
        select new SignatureSchema { Columns = [.. names.Zip(columns, (name, column) => column with { Name = name })] };

    private static Gen<ColumnSpec> Column() =>
        from type in s_type
        from nullable in Gen.Elements(true, false)
        from categories in Gen.OneOf(Gen.Constant<IReadOnlyList<string>?>(null), Gen.SubListOf<string>(["x", "y"]).Select(list => (IReadOnlyList<string>?)[.. list]))
        select new ColumnSpec("", type) { IsNullable = nullable, Categories = type == ColumnType.String ? categories : null };

    private static Gen<SignatureSchema> Tensors() =>
        from dtype in Gen.Elements("float32", "int64")
        from rank in Gen.Choose(1, 2)
        from shape in Gen.Elements(-1L, 1L, 2L).ArrayOf(rank)
        select new SignatureSchema { Tensors = [new TensorSpec("t", dtype, shape)] };

    private static Gen<ParamSpec> Param() =>
        from type in s_type
        from value in Gen.Elements("1", null)
        select new ParamSpec("", type, value);
}
