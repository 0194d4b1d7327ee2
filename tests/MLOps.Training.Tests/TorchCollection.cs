namespace MLOps.Training.Tests;

/// <summary>Tests that seed or train: PyTorch's generator and thread count are the process's, so these run one after another.</summary>
[CollectionDefinition("torch", DisableParallelization = true)]
public sealed class TorchCollection;
