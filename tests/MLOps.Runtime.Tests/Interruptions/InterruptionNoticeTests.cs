namespace MLOps.Runtime.Tests.Interruptions;

public sealed class InterruptionNoticeTests
{
    [Theory]
    [InlineData(15, 143)]
    [InlineData(2, 130)]
    [InlineData(10, 138)]
    [InlineData(null, 143)]
    public void The_exit_code_is_that_of_a_process_which_the_signal_ended(int? signal, int code) =>
        Assert.Equal(code, new InterruptionNotice { Cause = InterruptionCause.AwsSpot, NoticedAt = default, Deadline = default, Signal = signal }.ExitCode);

    [Fact]
    public void A_cause_is_its_name_and_others_may_be_named()
    {
        Assert.Equal("SIGTERM", InterruptionCause.SigTerm.ToString());
        Assert.Equal(InterruptionCause.SigTerm, new InterruptionCause("SIGTERM"));
        Assert.NotEqual(InterruptionCause.SigTerm, new InterruptionCause("sigterm"));
        Assert.Equal("OciPreemption", new InterruptionCause("OciPreemption").ToString());
        Assert.Equal("", default(InterruptionCause).ToString());
    }
}
