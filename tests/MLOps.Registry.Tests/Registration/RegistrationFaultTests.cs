using MLOps.Registry.Storage;
using MLOps.Tracking.Artifacts;

namespace MLOps.Registry.Tests.Registration;

public sealed class RegistrationFaultTests : RegistrationTestBase
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_cancelled_registration_leaves_nothing(bool whileUploading)
    {
        using CancellationTokenSource cancel = new();
        using Stopper stream = new(whileUploading ? cancel : null);
        await using ModelRegistry registry = Open(CommitProxy.Of(Store, async (_, commit) =>
        {
            await cancel.CancelAsync();
            cancel.Token.ThrowIfCancellationRequested();
            return await commit();
        }));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => registry.RegisterAsync("fraud", ModelContent.FromStream(stream, "model.bin"), cancellationToken: cancel.Token));

        Assert.Null(await Registry.FindModelAsync("fraud", Cancellation));
        Assert.Empty(StoredFiles());
    }

    [Fact]
    public async Task A_store_that_refuses_the_commit_leaves_no_files_and_its_exception_goes_through()
    {
        RegistryStoreException refusal = new("The disk is full.", isTransient: true);
        await using ModelRegistry registry = Open(CommitProxy.Of(Store, (_, _) => throw refusal));

        RegistryStoreException error = await Assert.ThrowsAsync<RegistryStoreException>(() => registry.RegisterAsync("fraud", ModelContent.FromFolder(WriteModel()), cancellationToken: Cancellation));

        Assert.Same(refusal, error);
        Assert.Empty(StoredFiles());
        Assert.Equal(0, (await Store.GetAuditHeadAsync(Cancellation)).Count);
    }

    [Fact]
    public async Task A_store_that_fails_after_it_has_committed_leaves_the_files()
    {
        await using ModelRegistry registry = Open(CommitProxy.Of(Store, async (_, commit) =>
        {
            await commit();
            throw new RegistryStoreException("The connection broke.", isTransient: true);
        }));

        await Assert.ThrowsAsync<RegistryStoreException>(() => registry.RegisterAsync("fraud", ModelContent.FromFolder(WriteModel()), cancellationToken: Cancellation));

        await Registry.VerifyVersionAsync("fraud", 1, Cancellation);
    }

    [Fact]
    public async Task A_model_that_somebody_else_makes_meanwhile_gets_the_version()
    {
        bool first = true;
        await using ModelRegistry registry = Open(CommitProxy.Of(Store, async (_, commit) =>
        {
            if (first)
                await RegisterBytesAsync([1], "other.bin");
            first = false;
            return await commit();
        }));

        ModelVersion version = await registry.RegisterAsync("fraud", ModelContent.FromFolder(WriteModel()), cancellationToken: Cancellation);

        Assert.Equal(2, version.Number);
        await Registry.VerifyVersionAsync("fraud", 2, Cancellation);
    }

    [Fact]
    public async Task What_a_process_left_that_was_killed_before_the_commit_is_an_orphan_until_it_is_purged()
    {
        await RegisterBytesAsync([1], "kept.bin");
        string[] kept = StoredFiles();

        // Killed: neither the commit nor what comes after a failure happens.
        TaskCompletionSource reached = new(), never = new();
        ModelRegistry killed = Open(CommitProxy.Of(Store, async (_, _) =>
        {
            reached.SetResult();
            await never.Task;
            return CommitOutcome.RevisionChanged;
        }));
        _ = killed.RegisterAsync("fraud", ModelContent.FromFolder(WriteModel()), cancellationToken: Cancellation);
        await reached.Task;

        Assert.Equal(1, (await Registry.GetModelAsync("fraud", Cancellation)).LastNumber);
        Assert.True(StoredFiles().Length > kept.Length);
        Assert.Equal(0, await Registry.PurgeFilesAsync(TimeSpan.FromHours(1), Cancellation));
        Clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal(1, await Registry.PurgeFilesAsync(TimeSpan.FromHours(1), Cancellation));
        Assert.Equal(kept, StoredFiles());
    }

    private sealed class Stopper(CancellationTokenSource? cancel) : MemoryStream(new byte[1 << 20])
    {
        public override int Read(Span<byte> buffer)
        {
            cancel?.Cancel();
            return base.Read(buffer);
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            cancel?.Cancel();
            cancellationToken.ThrowIfCancellationRequested();
            return base.ReadAsync(buffer, cancellationToken);
        }
    }
}
