using MLOps.Registry;

namespace ModelHost;

/// <summary>The versions that the sample serves: made here, because it trains none.</summary>
internal static class Versions
{
    public static async Task RegisterAsync(ModelRegistry registry, int count)
    {
        if (await registry.FindModelAsync("churn") is { LastNumber: > 0 })
            return;
        for (int version = 1; version <= count; version++)
        {
            float[] weights = [0.4f * version, -0.2f, 0.1f, 0.05f * version];
            using MemoryStream onnx = new(LogisticModel.Write(weights, bias: -0.5f));
            await registry.RegisterAsync("churn", ModelContent.FromStream(onnx, "model.onnx"), new RegisterOptions { Description = $"Logistic regression, made for the sample, {version} of {count}." });
        }

        await registry.MoveAliasAsync("churn", "champion", 1, expected: 0, reason: "the first one");
    }
}
