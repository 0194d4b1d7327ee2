using Microsoft.ML.OnnxRuntime;

namespace ModelHost;

/// <summary>A loaded ONNX model. Sessions may be run from many threads at once.</summary>
internal sealed class Scorer : IDisposable
{
    public const int Features = 4;

    private static readonly string[] s_inputs = ["features"];
    private static readonly string[] s_outputs = ["probability"];
    private static readonly long[] s_shape = [1, Features];
    private readonly InferenceSession _session;
    private readonly RunOptions _options = new();

    public Scorer(string file)
    {
        using Microsoft.ML.OnnxRuntime.SessionOptions options = new() { IntraOpNumThreads = 1, InterOpNumThreads = 1 };
        _session = new InferenceSession(file, options);
    }

    public float Score(float[] features)
    {
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(features, s_shape);
        using IDisposableReadOnlyCollection<OrtValue> outputs = _session.Run(_options, s_inputs, [input], s_outputs);
        return outputs[0].GetTensorDataAsSpan<float>()[0];
    }

    public void Dispose()
    {
        _options.Dispose();
        _session.Dispose();
    }
}
