using MLOps.Registry.Signatures;

namespace MLOps.Registry.Tests.Signatures;

public sealed class MLflowSignatureTests
{
    private const string Columns = """[{"type": "double", "name": "x", "required": true}, {"type": "string", "name": "gr\u00f6\u00dfe \"cm\"", "required": false}]""";
    private const string Tensors = """[{"name": "x", "type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 784]}}]""";
    private const string Params = """[{"name": "threshold", "default": 0.5, "shape": null, "type": "double"}, {"name": "beams", "default": null, "shape": null, "type": "long"}]""";

    [Fact]
    public void A_signature_is_written_as_MLflow_writes_it()
    {
        ModelSignature signature = new()
        {
            Inputs = new() { Columns = [new("x", ColumnType.Double), new("größe \"cm\"", ColumnType.String) { IsNullable = true }] },
            Outputs = new() { Tensors = [new("x", "float32", [-1, 784])] },
            Params = [new("threshold", ColumnType.Double, "0.5"), new("beams", ColumnType.Long, null)],
        };

        Assert.Equal((Columns, Tensors, Params), MLflowSignature.Write(signature));
        Assert.Equal(signature, MLflowSignature.Read(Columns, Tensors, Params));
    }

    [Theory]
    [InlineData("boolean", ColumnType.Boolean)]
    [InlineData("integer", ColumnType.Integer)]
    [InlineData("long", ColumnType.Long)]
    [InlineData("float", ColumnType.Float)]
    [InlineData("double", ColumnType.Double)]
    [InlineData("string", ColumnType.String)]
    [InlineData("binary", ColumnType.Binary)]
    [InlineData("datetime", ColumnType.DateTime)]
    public void Every_type_has_its_name(string name, ColumnType type)
    {
        string text = $$"""[{"type": "{{name}}", "required": true}]""";

        Assert.Equal(new ColumnSpec("", type), MLflowSignature.Read(text, null, null).Inputs!.Columns[0]);
        Assert.Equal(text, MLflowSignature.Write(new ModelSignature { Inputs = new() { Columns = [new("", type)] } }).Inputs);
    }

    [Fact]
    public void What_is_unknown_is_null_both_ways()
    {
        Assert.Equal((null, null, null), MLflowSignature.Write(new ModelSignature()));
        Assert.Equal(new ModelSignature(), MLflowSignature.Read(null, "null", ""));
        Assert.Null(MLflowSignature.Write(new ModelSignature { Inputs = new() { Tensors = [new("x", "bfloat16", [1])] } }).Inputs);
    }

    [Fact]
    public void The_forms_of_older_versions_are_read()
    {
        // No "required"; "optional" with the opposite meaning; members in another order; "dtype" for the type of a param.
        ModelSignature read = MLflowSignature.Read(
            """[{"name": "a", "type": "long"}, {"name": "b", "type": "long", "optional": true}]""",
            """[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": []}}]""",
            """[{"name": "p", "dtype": "boolean", "default": true}]""");

        Assert.Equal([new ColumnSpec("a", ColumnType.Long), new ColumnSpec("b", ColumnType.Long) { IsNullable = true }], read.Inputs!.Columns);
        Assert.Equal([new TensorSpec(null, "int64", [])], read.Outputs!.Tensors);
        Assert.Equal([new ParamSpec("p", ColumnType.Boolean, "true")], read.Params);
    }

    [Theory]
    [InlineData(ColumnType.Double, "1", "1.0")]
    [InlineData(ColumnType.Double, "1e-5", "1e-05")]
    [InlineData(ColumnType.Float, "0.25", "0.25")]
    [InlineData(ColumnType.Long, "-9223372036854775808", "-9223372036854775808")]
    [InlineData(ColumnType.Boolean, "True", "true")]
    [InlineData(ColumnType.String, "a\n\"b\"", "\"a\\n\\\"b\\\"\"")]
    [InlineData(ColumnType.DateTime, "2026-01-02T03:04:05", "\"2026-01-02T03:04:05\"")]
    public void Defaults_are_written_by_their_type(ColumnType type, string value, string json)
    {
        string written = MLflowSignature.Write(new ModelSignature { Params = [new("p", type, value)] }).Params!;

        Assert.StartsWith($$"""[{"name": "p", "default": {{json}}, "shape": null""", written, StringComparison.Ordinal);
        Assert.Equal(written, MLflowSignature.Write(MLflowSignature.Read(null, null, written)).Params);
    }

    [Theory]
    [InlineData(ColumnType.Double, "NaN")]
    [InlineData(ColumnType.Double, "1,5")]
    [InlineData(ColumnType.Integer, "3000000000")]
    [InlineData(ColumnType.Boolean, "yes")]
    [InlineData(ColumnType.Binary, null)]
    public void A_default_that_MLflow_could_not_read_is_refused(ColumnType type, string? value) =>
        Assert.Contains("'p'", Assert.Throws<ArgumentException>(() => MLflowSignature.Write(new ModelSignature { Params = [new("p", type, value)] })).Message, StringComparison.Ordinal);

    [Fact]
    public void Schemas_that_MLflow_refuses_are_refused()
    {
        Assert.Throws<ArgumentException>(() => MLflowSignature.Write(new ModelSignature { Inputs = new() { Columns = [new("a", ColumnType.Long), new("", ColumnType.Long)] } }));
        Assert.Throws<ArgumentException>(() => MLflowSignature.Write(new ModelSignature { Inputs = new() { Columns = [new("", ColumnType.Long) { IsNullable = true }] } }));
        Assert.Throws<ArgumentException>(() => MLflowSignature.Write(new ModelSignature { Inputs = new() { Tensors = [new("a", "int8", []), new(null, "int8", [])] } }));
        Assert.Throws<ArgumentException>(() => MLflowSignature.Write(new ModelSignature { Params = [new("a", ColumnType.Long, "1"), new("a", ColumnType.Long, "2")] }));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("[1]")]
    [InlineData("[{}]")]
    [InlineData("not json")]
    [InlineData("""[{"type": "array", "items": {"type": "long"}, "name": "x"}]""")]
    [InlineData("""[{"type": "long"}, {"type": "tensor", "tensor-spec": {"dtype": "int8", "shape": []}}]""")]
    [InlineData("""[{"type": "tensor"}]""")]
    [InlineData("""[{"type": "tensor", "tensor-spec": {"dtype": "int8", "shape": [1.5]}}]""")]
    [InlineData("""[{"type": "tensor", "tensor-spec": {"dtype": "int8", "shape": ["1"]}}]""")]
    [InlineData("""[{"type": "long", "name": "\ud800"}]""")]
    public void A_text_that_is_not_MLflows_is_a_format_error(string text) => Assert.Throws<FormatException>(() => MLflowSignature.Read(text, null, null));

    [Theory]
    [InlineData("""[{"name": "p", "type": "long", "default": [1], "shape": [-1]}]""")]
    [InlineData("""[{"name": "p", "type": "long", "default": 1.5}]""")]
    [InlineData("""[{"name": "p", "type": "string", "default": 1}]""")]
    [InlineData("""[{"type": "long", "default": 1}]""")]
    public void A_param_that_has_no_place_here_is_a_format_error(string text) => Assert.Throws<FormatException>(() => MLflowSignature.Read(null, null, text));
}
