using System.Buffers.Binary;
using System.Text;

namespace MLOps.Registry.Registration;

/// <summary>Finds out which library can load files: by an <c>MLmodel</c> file among them, else by what their first or last bytes are.</summary>
internal static class FlavorProbe
{
    private const int HeadLength = 512, TailLength = 1 << 20, DescriptionLength = 1 << 20, MostCandidates = 16;

    // The fields that an ONNX ModelProto may begin with: ir_version, producer_name, producer_version, domain, model_version, doc_string, graph, opset_import.
    private static readonly byte[] s_onnxTags = [0x08, 0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42];

    /// <summary>Guesses.</summary>
    /// <returns>The flavors, the one that the files are made for first; none when they are of no kind that is known here.</returns>
    public static async ValueTask<IReadOnlyList<ModelFlavor>> GuessAsync(StoredFiles files, CancellationToken cancellationToken)
    {
        if (files.Files.FirstOrDefault(file => file.Path == MLmodelFile.Name) is { SizeBytes: > 0 and <= DescriptionLength } description)
            return MLmodelFile.FlavorsIn(Encoding.UTF8.GetString(await files.ReadAsync(description, 0, DescriptionLength, cancellationToken).ConfigureAwait(false)));
        foreach ((string[] extensions, Func<ModelFile, ValueTask<bool>> isOf, Func<string, IReadOnlyList<ModelFlavor>> flavors) in Kinds())
        {
            foreach (ModelFile file in files.Files
                .Where(file => file.SizeBytes > 0 && extensions.Contains(Path.GetExtension(file.Path), StringComparer.OrdinalIgnoreCase))
                .OrderBy(file => Path.GetFileNameWithoutExtension(file.Path) == "model" ? 0 : 1).ThenBy(file => file.Path.Count(c => c == '/'))
                .Take(MostCandidates))
            {
                if (await isOf(file).ConfigureAwait(false))
                    return flavors(file.Path);
            }
        }

        return [];

        IEnumerable<(string[], Func<ModelFile, ValueTask<bool>>, Func<string, IReadOnlyList<ModelFlavor>>)> Kinds()
        {
            // Python loads an ONNX file by MLflow's own module.
            yield return ([".onnx"], async file => IsOnnx(await HeadAsync(file).ConfigureAwait(false)), path => [Of("onnx", path), Of("python_function", path, ("loader_module", "mlflow.onnx"))]);
            yield return ([".dat", ".pt"], async file => IsTorchSharp(await HeadAsync(file).ConfigureAwait(false)) || (await EntriesAsync(file).ConfigureAwait(false)).Any(IsTorchScript), path => [Of("torchsharp", path)]);
            yield return ([".zip"], async file => (await EntriesAsync(file).ConfigureAwait(false)).Any(IsMLNet), path => [Of("mlnet", path)]);
        }

        ValueTask<byte[]> HeadAsync(ModelFile file) => files.ReadAsync(file, 0, HeadLength, cancellationToken);

        async ValueTask<IReadOnlyList<string>> EntriesAsync(ModelFile file) =>
            EntriesOf(await files.ReadAsync(file, Math.Max(0, file.SizeBytes - TailLength), TailLength, cancellationToken).ConfigureAwait(false));
    }

    private static ModelFlavor Of(string name, string path, params IEnumerable<(string Key, string Value)> more) =>
        new(name) { Properties = more.Append(("data", path)).ToDictionary(property => property.Item1, property => property.Item2, StringComparer.Ordinal) };

    private static bool IsOnnx(ReadOnlySpan<byte> head) => head.Length > 0 && s_onnxTags.Contains(head[0]);

    private static bool IsTorchScript(string entry) => entry.EndsWith("/constants.pkl", StringComparison.Ordinal) || entry.EndsWith("/data.pkl", StringComparison.Ordinal);

    private static bool IsMLNet(string entry) => entry == "Schema" || entry.StartsWith("TransformerChain/", StringComparison.Ordinal);

    /// <summary>Whether bytes begin as TorchSharp's <c>Module.save</c> writes: the count of tensors, then a name, its length before it, then an element type; numbers in LEB128.</summary>
    private static bool IsTorchSharp(ReadOnlySpan<byte> head)
    {
        const int MostTensors = 1_000_000, LastElementType = 64;
        if (!TryReadNumber(ref head, out int tensors) || tensors is 0 or > MostTensors || !TryReadNumber(ref head, out int length) || length == 0 || length > head.Length)
            return false;
        foreach (byte c in head[..length])
        {
            if (!char.IsAsciiLetterOrDigit((char)c) && c is not ((byte)'.' or (byte)'_'))
                return false;
        }

        head = head[length..];
        return TryReadNumber(ref head, out int type) && type <= LastElementType;
    }

    private static bool TryReadNumber(ref ReadOnlySpan<byte> bytes, out int number)
    {
        number = 0;
        for (int i = 0; i < Math.Min(bytes.Length, 4); i++)
        {
            number |= (bytes[i] & 0x7F) << (7 * i);
            if ((bytes[i] & 0x80) == 0)
            {
                bytes = bytes[(i + 1)..];
                return true;
            }
        }

        return false;
    }

    /// <summary>The names in the central directory at the end of a zip file, as far as the tail holds it (APPNOTE 4.3.12, 4.3.16); none when it is no zip file.</summary>
    private static List<string> EntriesOf(ReadOnlySpan<byte> tail)
    {
        const int EndLength = 22, HeaderLength = 46;
        List<string> names = [];
        int end = tail.LastIndexOf("PK\u0005\u0006"u8);
        if (end < 0 || tail.Length - end < EndLength)
            return names;
        uint directory = BinaryPrimitives.ReadUInt32LittleEndian(tail[(end + 12)..]);
        if (directory > end)
            return names;
        for (ReadOnlySpan<byte> rest = tail[(end - (int)directory)..end]; rest.Length >= HeaderLength && rest.StartsWith("PK\u0001\u0002"u8);)
        {
            int name = BinaryPrimitives.ReadUInt16LittleEndian(rest[28..]);
            int next = HeaderLength + name + BinaryPrimitives.ReadUInt16LittleEndian(rest[30..]) + BinaryPrimitives.ReadUInt16LittleEndian(rest[32..]);
            if (next > rest.Length)
                break;
            names.Add(Encoding.UTF8.GetString(rest.Slice(HeaderLength, name)).Replace('\\', '/'));
            rest = rest[next..];
        }

        return names;
    }
}
