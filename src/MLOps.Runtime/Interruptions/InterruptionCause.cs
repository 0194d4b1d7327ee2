namespace MLOps.Runtime;

/// <summary>Why a process is about to be stopped.</summary>
/// <remarks>An open vocabulary: the causes that this package knows are properties; an <see cref="ISpotMetadata"/> of your own may name others. Compared by name, case matters.</remarks>
/// <param name="Name">The name, as logs and tags show it: <c>SIGTERM</c>, <c>AwsSpot</c>. Null in the default value only, which is no cause.</param>
public readonly record struct InterruptionCause(string Name)
{
    /// <summary><c>SIGTERM</c>: what a scheduler, a container runtime, systemd or an operator sends first.</summary>
    public static InterruptionCause SigTerm { get; } = new("SIGTERM");

    /// <summary><c>SIGINT</c>: Ctrl-C.</summary>
    public static InterruptionCause SigInt { get; } = new("SIGINT");

    /// <summary><c>SIGUSR1</c>: by convention the warning of a batch scheduler, as of Slurm's <c>--signal=USR1@60</c>.</summary>
    public static InterruptionCause SigUsr1 { get; } = new("SIGUSR1");

    /// <summary><c>AwsSpot</c>: EC2 is going to stop, terminate or hibernate this Spot Instance.</summary>
    public static InterruptionCause AwsSpot { get; } = new("AwsSpot");

    /// <summary><c>AwsRebalance</c>: this Spot Instance is at elevated risk of interruption. It may go on for hours, or be interrupted in two minutes.</summary>
    public static InterruptionCause AwsRebalance { get; } = new("AwsRebalance");

    /// <summary><c>AzurePreempt</c>: this Spot virtual machine is being evicted.</summary>
    public static InterruptionCause AzurePreempt { get; } = new("AzurePreempt");

    /// <summary><c>AzureTerminate</c>: this virtual machine is going to be deleted, as when its scale set shrinks.</summary>
    public static InterruptionCause AzureTerminate { get; } = new("AzureTerminate");

    /// <summary><c>AzureReboot</c>: this virtual machine is going to be rebooted; memory is lost.</summary>
    public static InterruptionCause AzureReboot { get; } = new("AzureReboot");

    /// <summary><c>AzureRedeploy</c>: this virtual machine is going to move to another host; memory and ephemeral disks are lost.</summary>
    public static InterruptionCause AzureRedeploy { get; } = new("AzureRedeploy");

    /// <summary><c>GcpPreemption</c>: Compute Engine preempts this Spot or preemptible machine.</summary>
    public static InterruptionCause GcpPreemption { get; } = new("GcpPreemption");

    /// <summary><c>GcpMaintenance</c>: this machine is going to be stopped for maintenance of its host, as every machine with a GPU is.</summary>
    public static InterruptionCause GcpMaintenance { get; } = new("GcpMaintenance");

    /// <summary>The name.</summary>
    /// <returns><see cref="Name"/>; an empty text for the default value.</returns>
    public override string ToString() => Name ?? "";
}
