using Microsoft.Extensions.Time.Testing;
using MLOps.Tracking.Contract;
using MLOps.Tracking.Search;
using MLOps.Tracking.Storage;
using Xunit;

namespace MLOps.Tracking.Tests.Storage.InMemory;

public sealed class InMemoryTrackingStoreTests : TrackingStoreContract
{
    protected override ValueTask<ITrackingStore> CreateAsync(FakeTimeProvider clock) => ValueTask.FromResult<ITrackingStore>(new InMemoryTrackingStore(clock));

    [Fact]
    public void It_has_every_capability() => Assert.All(Enum.GetValues<StoreCapabilities>(), capability => Assert.True(Store.Capabilities.HasFlag(capability)));

    [Fact]
    public async Task What_was_logged_can_be_read_when_the_store_is_disposed()
    {
        RunId run = await StartRunAsync();

        await Store.DisposeAsync();

        Assert.NotNull(await Store.FindRunAsync(run, Cancellation));
    }

    [Fact]
    public async Task An_artifact_root_of_the_tests_choice_is_used()
    {
        await using InMemoryTrackingStore store = new(Clock, "file:///tmp/artifacts/");

        Assert.Equal("file:///tmp/artifacts/0", (await store.FindExperimentAsync(ExperimentId.Default, Cancellation))?.ArtifactLocation);
    }

    [Fact]
    public async Task A_page_stays_as_it_was_found()
    {
        RunId first = await StartRunAsync();
        Page<RunDetails> page = await Store.FindRunsAsync(new RunQuery(), new PageRequest(), Cancellation);

        await StartRunAsync();

        Assert.Equal([first], page.Items.Select(run => run.Info.Id));
    }
}
