namespace MLOps.Training.Tests.Precision;

/// <summary>The rule of torch._amp_update_scale_ as PyTorch publishes it, in plain numbers.</summary>
internal sealed class ScalerRule(float scale, float growth, float backoff, int interval)
{
    public float Scale { get; private set; } = scale;

    public int GoodSteps { get; private set; }

    public void Update(bool foundInfinity)
    {
        if (foundInfinity)
        {
            (Scale, GoodSteps) = (Scale * backoff, 0);
            return;
        }

        if (++GoodSteps != interval)
            return;
        GoodSteps = 0;
        float grown = Scale * growth;
        if (float.IsFinite(grown))
            Scale = grown;
    }
}
