using System.Text.Json;

namespace MLOps.Drift.Tests.Vectors;

public sealed class DataSpecTests
{
    [Theory]
    [InlineData("uniform(seed=1,n=3)", """{"gen":"uniform","seed":1,"n":3}""")]
    [InlineData("ih12(seed=1,n=2)", """{"gen":"ih12","seed":1,"n":2}""")]
    [InlineData("cube(seed=1,n=2)", """{"gen":"cube","seed":1,"n":2}""")]
    [InlineData("lattice(seed=1,n=8,k=10)", """{"gen":"lattice","seed":1,"n":8,"k":10}""")]
    [InlineData("bern(seed=1,n=8,p=.5)", """{"gen":"bern","seed":1,"n":8,"p":0.5}""")]
    [InlineData("cat(seed=1,n=8,cum=[.4,.7,.9,1])", """{"gen":"cat","seed":1,"n":8,"cum":[0.4,0.7,0.9,1]}""")]
    public void Generators_give_the_numbers_of_the_reference(string name, string spec)
    {
        using JsonDocument expected = JsonDocument.Parse(File.ReadAllBytes(VectorCase.PathOf("generator-check.json")));
        using JsonDocument described = JsonDocument.Parse(spec);
        Assert.Equal(VectorCase.NumbersOf(expected.RootElement.GetProperty(name)), DataSpec.Numbers(described.RootElement));
    }

    [Fact]
    public void Columns_are_filtered_in_the_order_where_rows_every()
    {
        using JsonDocument spec = JsonDocument.Parse("""{"csv":"iris.csv","column":"sepal_length","where":["target",0],"rows":[0,4],"every":[2,1]}""");
        Assert.Equal([4.9, 4.6], DataSpec.Numbers(spec.RootElement));
    }
}
