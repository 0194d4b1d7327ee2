namespace MLOps.Training;

/// <summary>How far a training has come. Together with the seed it decides which data come next and which random numbers they meet.</summary>
/// <param name="Step">Optimizer steps taken, from 0.</param>
/// <param name="Epoch">The epoch that is being read, from 0.</param>
/// <param name="Batch">Batches of that epoch that have been used, from 0.</param>
/// <param name="TotalBatches">Batches used in all; with gradient accumulation more than <paramref name="Step"/>.</param>
public readonly record struct TrainingPosition(long Step, int Epoch, long Batch, long TotalBatches);
