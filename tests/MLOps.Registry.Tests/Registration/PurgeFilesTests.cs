namespace MLOps.Registry.Tests.Registration;

public sealed class PurgeFilesTests : RegistrationTestBase
{
    [Fact]
    public async Task Files_of_deleted_versions_go_when_they_are_old_enough_and_those_of_others_stay()
    {
        ModelVersion gone = await RegisterBytesAsync([1], "a.bin"), kept = await RegisterBytesAsync([2], "a.bin");
        await RegisterBytesAsync([3], "a.bin", model: "other");
        ModelVersion prompt = await RegisterBytesAsync([4], "a.bin", new RegisterOptions { Tags = new Dictionary<string, string> { ["mlflow.prompt.is_prompt"] = "true" } }, "prompt");
        await Registry.DeleteVersionAsync("fraud", gone.Number, cancellationToken: Cancellation);
        await Registry.DeleteModelAsync("other", cancellationToken: Cancellation);

        Clock.Advance(TimeSpan.FromHours(23));
        Assert.Equal(0, await Registry.PurgeFilesAsync(TimeSpan.FromDays(1), Cancellation));
        Clock.Advance(TimeSpan.FromHours(1) + TimeSpan.FromSeconds(1));
        Assert.Equal(2, await Registry.PurgeFilesAsync(TimeSpan.FromDays(1), Cancellation));
        Assert.Equal(0, await Registry.PurgeFilesAsync(TimeSpan.FromDays(1), Cancellation));

        Assert.False(Directory.Exists(new Uri(gone.Facts.Location).LocalPath));
        await Registry.VerifyVersionAsync("fraud", kept.Number, Cancellation);
        await Registry.VerifyVersionAsync("prompt", prompt.Number, Cancellation);
    }

    [Fact]
    public async Task What_no_registration_put_there_is_left_alone()
    {
        string[] strange = [Path.Join(Root, "readme.txt"), Path.Join(Root, "a", "b", "c.txt"), Path.Join(Root, $"{Guid.NewGuid():N}", $"{Guid.NewGuid():N}", "d.txt")];
        foreach (string file in strange)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllTextAsync(file, "x", Cancellation);
        }

        Clock.Advance(TimeSpan.FromDays(10));
        Assert.Equal(0, await Registry.PurgeFilesAsync(TimeSpan.FromDays(1), Cancellation));
        Assert.All(strange, file => Assert.True(File.Exists(file)));
    }

    [Fact]
    public async Task A_time_in_which_a_registration_may_still_go_on_is_refused() =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Registry.PurgeFilesAsync(TimeSpan.FromMinutes(59), Cancellation));
}
