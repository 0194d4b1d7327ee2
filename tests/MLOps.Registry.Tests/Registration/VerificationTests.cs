using MLOps.Registry.Storage;
using MLOps.Tracking.Artifacts;

namespace MLOps.Registry.Tests.Registration;

public sealed class VerificationTests : RegistrationTestBase
{
    [Fact]
    public async Task A_flipped_byte_is_found_and_the_file_is_named()
    {
        ModelVersion version = await Registry.RegisterAsync("fraud", ModelContent.FromFolder(WriteModel()), cancellationToken: Cancellation);
        string file = LocalPath(version, "weights.bin");
        byte[] bytes = await File.ReadAllBytesAsync(file, Cancellation);
        bytes[3] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, Cancellation);

        Assert.Equal("weights.bin", (await Assert.ThrowsAsync<ArtifactCorruptException>(() => Registry.VerifyVersionAsync("fraud", 1, Cancellation))).Path);
    }

    [Fact]
    public async Task A_missing_file_and_one_that_grew_are_found_and_another_one_is_nobody_s_business()
    {
        ModelVersion version = await Registry.RegisterAsync("fraud", ModelContent.FromFolder(WriteModel()), cancellationToken: Cancellation);
        await File.WriteAllTextAsync(LocalPath(version, "new.txt"), "new", Cancellation);
        await Registry.VerifyVersionAsync("fraud", 1, Cancellation);

        await File.AppendAllTextAsync(LocalPath(version, "weights.bin"), "!", Cancellation);
        Assert.Equal("weights.bin", (await Assert.ThrowsAsync<ArtifactCorruptException>(() => Registry.VerifyVersionAsync("fraud", 1, Cancellation))).Path);
        File.Delete(LocalPath(version, "deep/labels.txt"));
        Assert.Equal("deep/labels.txt", (await Assert.ThrowsAsync<ArtifactCorruptException>(() => Registry.VerifyVersionAsync("fraud", 1, Cancellation))).Path);
    }

    [Fact]
    public async Task A_verified_version_is_not_written_down_again()
    {
        await Registry.RegisterAsync("fraud", ModelContent.FromUri(WriteModel()), cancellationToken: Cancellation);
        await Registry.VerifyVersionAsync("fraud", 1, Cancellation);
        long events = (await Store.GetAuditHeadAsync(Cancellation)).Count;

        await Registry.VerifyVersionAsync("fraud", 1, Cancellation);

        Assert.Equal(3, events);
        Assert.Equal(events, (await Store.GetAuditHeadAsync(Cancellation)).Count);
        Assert.IsType<RegistryEvent.VersionVerified>((await Store.ReadAuditAsync(2, 1, Cancellation))[0].Read().Change);
    }

    [Fact]
    public async Task What_no_store_here_serves_or_what_is_empty_cannot_be_verified()
    {
        await Registry.RegisterAsync("fraud", ModelContent.FromUri("s3://bucket/model"), cancellationToken: Cancellation);
        await Registry.RegisterAsync("fraud", ModelContent.FromUri(Folder["nothing"]), cancellationToken: Cancellation);

        await Assert.ThrowsAsync<ArtifactStoreException>(() => Registry.VerifyVersionAsync("fraud", 1, Cancellation));
        await Assert.ThrowsAsync<ArtifactStoreException>(() => Registry.VerifyVersionAsync("fraud", 2, Cancellation));
        await Assert.ThrowsAsync<ModelVersionNotFoundException>(() => Registry.VerifyVersionAsync("fraud", 3, Cancellation));
    }
}
