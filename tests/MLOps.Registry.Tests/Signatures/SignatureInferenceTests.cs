using MLOps.Registry.Signatures;

namespace MLOps.Registry.Tests.Signatures;

public sealed class SignatureInferenceTests
{
    [Fact]
    public void Every_type_of_value_has_a_type_of_column()
    {
        Dictionary<string, object?> row = new()
        {
            ["bool"] = true, ["sbyte"] = (sbyte)1, ["byte"] = (byte)1, ["short"] = (short)1, ["ushort"] = (ushort)1, ["int"] = 1, ["uint"] = 1u, ["long"] = 1L, ["float"] = 1f, ["double"] = 1.0,
            ["decimal"] = 1m, ["string"] = "a", ["bytes"] = new byte[] { 1 }, ["time"] = DateTime.UnixEpoch, ["offset"] = DateTimeOffset.UnixEpoch, ["date"] = new DateOnly(2026, 1, 2),
        };

        SignatureSchema schema = SignatureInference.FromRows([row]);

        Assert.Equal(row.Keys, schema.Columns.Select(column => column.Name));
        Assert.Equal(
            [
                ColumnType.Boolean, ColumnType.Integer, ColumnType.Integer, ColumnType.Integer, ColumnType.Integer, ColumnType.Integer, ColumnType.Long, ColumnType.Long, ColumnType.Float, ColumnType.Double,
                ColumnType.Double, ColumnType.String, ColumnType.Binary, ColumnType.DateTime, ColumnType.DateTime, ColumnType.DateTime,
            ],
            schema.Columns.Select(column => column.Type));
        Assert.DoesNotContain(schema.Columns, column => column.IsNullable || column.Categories is not null);
    }

    [Fact]
    public void Null_and_a_name_that_a_row_lacks_are_missing_and_NaN_is_a_value()
    {
        SignatureSchema schema = SignatureInference.FromRows(
        [
            new Dictionary<string, object?> { ["null"] = null, ["lacking"] = 1, ["nan"] = double.NaN },
            new Dictionary<string, object?> { ["null"] = 1, ["nan"] = 1.0, ["late"] = "x" },
            new Dictionary<string, object?> { ["null"] = DBNull.Value, ["lacking"] = 1, ["nan"] = 1.0, ["late"] = "x" },
        ]);

        Assert.Equal(
            [
                new ColumnSpec("null", ColumnType.Integer) { IsNullable = true }, new ColumnSpec("lacking", ColumnType.Integer) { IsNullable = true },
                new ColumnSpec("nan", ColumnType.Double), new ColumnSpec("late", ColumnType.String) { IsNullable = true },
            ],
            schema.Columns);
    }

    public static TheoryData<object[], ColumnType?> Mixtures => new()
    {
        { [1, 2L], ColumnType.Long },
        { [2L, 1], ColumnType.Long },
        { [1, 2.5], ColumnType.Double },
        { [2.5f, 2.5], ColumnType.Double },
        { [1, 2.5f], ColumnType.Double },
        { [2L, 2.5], null },
        { [1, 2.5, 2L], null },
        { [2L, 2.5f], null },
        { ["a", 1], null },
        { [true, 1], null },
    };

    [Theory]
    [MemberData(nameof(Mixtures))]
    public void Mixed_values_widen_where_nothing_is_lost(object[] values, ColumnType? expected)
    {
        SignatureSchema Infer() => SignatureInference.FromRows(values.Select(value => new Dictionary<string, object?> { ["x"] = value }));

        if (expected is { } type)
        {
            Assert.Equal(type, Infer().Columns[0].Type);
            Assert.Equal(type, SignatureInference.Column<object>("x", values).Type);
        }
        else
        {
            string message = Assert.Throws<ArgumentException>(Infer).Message;
            Assert.Contains("Column 'x', row ", message, StringComparison.Ordinal);
            Assert.Equal(message[..20], Assert.Throws<ArgumentException>(() => SignatureInference.Column<object>("x", values)).Message[..20]);
        }
    }

    [Fact]
    public void A_value_of_no_known_type_is_refused_by_column_and_row()
    {
        Dictionary<string, object?>[] rows = [new() { ["x"] = 1 }, new() { ["x"] = new Version(1, 2) }];

        Assert.StartsWith("Column 'x', row 1, has a Version", Assert.Throws<ArgumentException>(() => SignatureInference.FromRows(rows)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_tells_no_type_is_refused()
    {
        Assert.Throws<ArgumentException>(() => SignatureInference.FromRows([]));
        Assert.Throws<ArgumentException>(() => SignatureInference.FromRows([new Dictionary<string, object?>()]));
        Assert.Contains("'x'", Assert.Throws<ArgumentException>(() => SignatureInference.FromRows([new Dictionary<string, object?> { ["x"] = null }])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => SignatureInference.Column<double>("x", []));
        Assert.Throws<NotSupportedException>(() => SignatureInference.Tensor<decimal>("x", [1]));
        Assert.Throws<ArgumentException>(() => SignatureInference.Tensor<float>("x", [1, -2]));
    }

    [Fact]
    public void Categories_are_written_down_up_to_the_limit()
    {
        string?[] values = ["b", "a", null, "b", "C"];

        Assert.Equal(new ColumnSpec("x", ColumnType.String) { IsNullable = true, Categories = ["C", "a", "b"] }, SignatureInference.Column("x", values, mostCategories: 3));
        Assert.Null(SignatureInference.Column("x", values, mostCategories: 2).Categories);
        Assert.Null(SignatureInference.Column("x", values).Categories);
        Assert.Equal(["a", "b"], SignatureInference.FromRows([new Dictionary<string, object?> { ["x"] = "b" }, new Dictionary<string, object?> { ["x"] = "a" }], mostCategories: 2).Columns[0].Categories);
    }

    [Fact]
    public void Typed_columns_take_their_type_from_the_array()
    {
        Assert.Equal(new ColumnSpec("x", ColumnType.Double), SignatureInference.Column("x", new[] { 1.0, double.NaN }));
        Assert.Equal(new ColumnSpec("x", ColumnType.Long) { IsNullable = true }, SignatureInference.Column("x", new long?[] { null, null }));
        Assert.Equal(new ColumnSpec("x", ColumnType.Binary) { IsNullable = true }, SignatureInference.Column("x", new byte[]?[] { [1], null }));
        Assert.Equal(ColumnType.Float, SignatureInference.Column("x", new float[] { 1 }.AsSpan()[..1]).Type);
    }

    [Fact]
    public void The_batch_of_a_tensor_is_left_open()
    {
        Assert.Equal(new TensorSpec("x", "float32", [-1, 784]), SignatureInference.Tensor<float>("x", [32, 784]));
        Assert.Equal(new TensorSpec(null, "int64", [32, 784]), SignatureInference.Tensor<long>(null, [32, 784], isBatch: false));
        Assert.Equal(new TensorSpec("x", "str", []), SignatureInference.Tensor<string>("x", []));
    }
}
