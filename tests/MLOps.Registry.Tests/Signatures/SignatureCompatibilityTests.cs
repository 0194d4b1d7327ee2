using FsCheck.Xunit;
using MLOps.Registry.Signatures;

namespace MLOps.Registry.Tests.Signatures;

[Properties(Arbitrary = [typeof(AnySignatures)], MaxTest = 500)]
public sealed class SignatureCompatibilityTests
{
    private static readonly ColumnSpec s_text = new("c", ColumnType.String) { Categories = ["x", "y"] };

    [Property]
    public void A_signature_is_compatible_with_itself(ModelSignature signature) => Assert.Empty(SignatureCompatibility.Check(signature, signature).Problems);

    [Property(MaxTest = 20_000)]
    public void What_is_compatible_step_by_step_is_compatible(ModelSignature first, ModelSignature second, ModelSignature third)
    {
        if (IsCompatible(first, second) && IsCompatible(second, third))
            Assert.Empty(SignatureCompatibility.Check(first, third).Problems);

        // Whole signatures seldom follow each other; their sides often do.
        foreach (Func<ModelSignature, ModelSignature> part in new Func<ModelSignature, ModelSignature>[] { OnlyInputs, OnlyOutputs, OnlyParams })
        {
            if (IsCompatible(part(first), part(second)) && IsCompatible(part(second), part(third)))
                Assert.Empty(SignatureCompatibility.Check(part(first), part(third)).Problems);
        }
    }

    [Property]
    public void One_more_optional_input_is_compatible(ModelSignature signature)
    {
        if (signature.Inputs!.IsTensors)
            return;
        ModelSignature after = signature with { Inputs = new() { Columns = [new("new", ColumnType.Long) { IsNullable = true }, .. signature.Inputs.Columns] } };

        Assert.True(IsCompatible(signature, after));
    }

    [Property]
    public void One_output_less_is_not_compatible(ModelSignature signature)
    {
        for (int i = 0; i < signature.Outputs!.Columns.Count; i++)
        {
            ModelSignature after = signature with { Outputs = new() { Columns = [.. signature.Outputs.Columns.Where((_, at) => at != i)] } };
            Assert.Equal([$"output column '{signature.Outputs.Columns[i].Name}' is gone"], SignatureCompatibility.Check(signature, after).Problems);
        }
    }

    public static TheoryData<ColumnSpec, ColumnSpec, string?, string?> Changes => new()
    {
        { Of(ColumnType.Integer), Of(ColumnType.Long), null, "output column 'c' was integer and is long" },
        { Of(ColumnType.Integer), Of(ColumnType.Double), null, "output column 'c' was integer and is double" },
        { Of(ColumnType.Float), Of(ColumnType.Double), null, "output column 'c' was float and is double" },
        { Of(ColumnType.Long), Of(ColumnType.Integer), "input column 'c' was long and is integer", null },
        { Of(ColumnType.Long), Of(ColumnType.Double), "input column 'c' was long and is double", "output column 'c' was long and is double" },
        { Of(ColumnType.Integer), Of(ColumnType.Float), "input column 'c' was integer and is float", "output column 'c' was integer and is float" },
        { Of(ColumnType.Long), Of(ColumnType.Long) with { IsNullable = true }, null, "output column 'c' may be missing now" },
        { Of(ColumnType.Long) with { IsNullable = true }, Of(ColumnType.Long), "input column 'c' was nullable and is required", null },
        { s_text, s_text with { Categories = ["x", "y", "z"] }, null, "output column 'c' may be 'z' now" },
        { s_text, s_text with { Categories = ["x"] }, "input column 'c' does not take 'y' any more", null },
        { s_text, s_text with { Categories = null }, null, "output column 'c' had certain values and may have any" },
        { s_text with { Categories = null }, s_text, "input column 'c' took any value and takes certain values alone", null },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void Inputs_may_take_more_and_outputs_may_give_less(ColumnSpec before, ColumnSpec after, string? asInput, string? asOutput)
    {
        SignatureSchema other = new() { Columns = [new("o", ColumnType.Long)] }, old = new() { Columns = [before] }, now = new() { Columns = [after] };

        Assert.Equal(asInput is null ? [] : [asInput], SignatureCompatibility.Check(new() { Inputs = old, Outputs = other }, new() { Inputs = now, Outputs = other }).Problems);
        Assert.Equal(asOutput is null ? [] : [asOutput], SignatureCompatibility.Check(new() { Inputs = other, Outputs = old }, new() { Inputs = other, Outputs = now }).Problems);
    }

    [Fact]
    public void A_new_input_that_callers_must_send_is_a_problem()
    {
        ModelSignature before = With([Of(ColumnType.Long)]), after = With([new("age", ColumnType.Integer), Of(ColumnType.Long)]);

        SignatureCompatibility result = SignatureCompatibility.Check(before, after);
        Assert.False(result.IsCompatible);
        Assert.Equal(["input column 'age' is new and required"], result.Problems);
        Assert.Equal("input column 'age' is new and required", result.ToString());
        Assert.Equal(["input column 'age' is gone"], SignatureCompatibility.Check(after, before).Problems);
        Assert.Equal(["the inputs were columns and are tensors"], SignatureCompatibility.Check(before, before with { Inputs = new() { Tensors = [new("c", "int64", [])] } }).Problems);
    }

    [Fact]
    public void Unnamed_columns_are_told_apart_by_their_places()
    {
        ModelSignature before = With([new("", ColumnType.Long), new("", ColumnType.String)]);

        Assert.True(IsCompatible(before, before));
        Assert.Equal(["input column 1 was long and is string", "input column 2 is gone"], SignatureCompatibility.Check(before, With([new("", ColumnType.String)])).Problems);
    }

    [Fact]
    public void Shapes_of_inputs_may_open_and_shapes_of_outputs_may_close()
    {
        SignatureSchema closed = new() { Tensors = [new("t", "float32", [1, 3])] }, open = new() { Tensors = [new("t", "float32", [-1, 3])] }, flat = new() { Tensors = [new("t", "float32", [3])] };

        Assert.Empty(SignatureCompatibility.Check(new() { Inputs = closed, Outputs = open }, new() { Inputs = open, Outputs = closed }).Problems);
        Assert.Equal(
            ["input tensor 't' had the shape [-1, 3] and has [1, 3]", "output tensor 't' had the shape [1, 3] and has [-1, 3]"],
            SignatureCompatibility.Check(new() { Inputs = open, Outputs = closed }, new() { Inputs = closed, Outputs = open }).Problems);
        Assert.False(IsCompatible(new() { Inputs = open, Outputs = open }, new() { Inputs = flat, Outputs = open }));
    }

    [Fact]
    public void Params_may_be_added_with_a_default()
    {
        ModelSignature none = With([Of(ColumnType.Long)]);
        ModelSignature Params(params ParamSpec[] all) => none with { Params = all };

        Assert.True(IsCompatible(none, Params(new ParamSpec("p", ColumnType.Long, "1"))));
        Assert.True(IsCompatible(Params(new ParamSpec("p", ColumnType.Integer, "1")), Params(new ParamSpec("p", ColumnType.Long, "2"))));
        Assert.Equal(["param 'p' is new and has no default"], SignatureCompatibility.Check(none, Params(new ParamSpec("p", ColumnType.Long, null))).Problems);
        Assert.Equal(["param 'p' is gone"], SignatureCompatibility.Check(Params(new ParamSpec("p", ColumnType.Long, "1")), none).Problems);
        Assert.Equal(["param 'p' had a default and has none"], SignatureCompatibility.Check(Params(new ParamSpec("p", ColumnType.Long, "1")), Params(new ParamSpec("p", ColumnType.Long, null))).Problems);
    }

    [Fact]
    public void What_is_unknown_is_not_compatible()
    {
        ModelSignature known = With([Of(ColumnType.Long)]);

        Assert.Equal(["the signature before is unknown"], SignatureCompatibility.Check(null, known).Problems);
        Assert.Equal(["the signature is unknown"], SignatureCompatibility.Check(known, null).Problems);
        Assert.Equal(["the outputs are unknown"], SignatureCompatibility.Check(known, known with { Outputs = null }).Problems);
        Assert.Equal(["the inputs before are unknown"], SignatureCompatibility.Check(known with { Inputs = null }, known).Problems);
    }

    private static bool IsCompatible(ModelSignature before, ModelSignature after) => SignatureCompatibility.Check(before, after).IsCompatible;

    private static ColumnSpec Of(ColumnType type) => new("c", type);

    private static ModelSignature With(ColumnSpec[] inputs) => new() { Inputs = new() { Columns = inputs }, Outputs = new() { Columns = [new("o", ColumnType.Long)] } };

    private static ModelSignature OnlyInputs(ModelSignature signature) => With([]) with { Inputs = signature.Inputs };

    private static ModelSignature OnlyOutputs(ModelSignature signature) => With([]) with { Outputs = signature.Outputs };

    private static ModelSignature OnlyParams(ModelSignature signature) => With([]) with { Params = signature.Params };
}
