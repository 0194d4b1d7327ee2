namespace MLOps.Registry.Tests;

public sealed class ModelTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly ModelRegistry _registry;

    public ModelTests() => _registry = ModelRegistry.Open(r => r.UseInMemory(_folder.Path));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _registry.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("a/b")]
    [InlineData("a:b")]
    [InlineData("..")]
    public async Task A_name_that_a_uri_could_not_carry_is_refused(string name) =>
        await Assert.ThrowsAsync<ArgumentException>(() => _registry.CreateModelAsync(name, cancellationToken: Cancel));

    [Fact]
    public async Task A_model_keeps_what_it_was_made_with()
    {
        RegisteredModel made = await _registry.CreateModelAsync("fraud", "Finds fraud.", new Dictionary<string, string> { ["team"] = "risk" }, Cancel);

        RegisteredModel read = await _registry.GetModelAsync("fraud", Cancel);
        Assert.Equal(made.Key, read.Key);
        Assert.Equal("Finds fraud.", read.Description);
        Assert.Equal("risk", read.Tags["team"]);
        await Assert.ThrowsAsync<ModelExistsException>(() => _registry.CreateModelAsync("fraud", cancellationToken: Cancel));
    }
}
