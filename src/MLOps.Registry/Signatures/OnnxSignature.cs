namespace MLOps.Registry.Signatures;

/// <summary>Reads the signature of an ONNX model: just enough of the file to know its inputs and outputs. Weights are skipped, by seeking where the stream can.</summary>
/// <remarks>
/// A size that the model names, or leaves open, is -1. Inputs that have an initializer are not listed: callers need not give them. A side is null when one of its values is no tensor (a sequence
/// or a map), or has no shape or an element type that is not known here. Source: the field numbers of onnx/onnx.proto.
/// </remarks>
public static class OnnxSignature
{
    private const int MostValues = 4_096;
    private const int HighestRank = 64;
    private const int MostNameCharacters = 16 * 1024 * 1024;

    /// <summary>Reads the signature, if the stream is an ONNX model.</summary>
    /// <param name="model">The model's bytes, from where the stream stands; read in small pieces, not disposed, and left anywhere.</param>
    /// <returns>The signature; null when the stream is no whole ONNX model. Bytes of any other kind raise nothing, and no more than some tens of megabytes are kept of any.</returns>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    public static ModelSignature? TryRead(Stream model)
    {
        ArgumentNullException.ThrowIfNull(model);
        ProtobufReader reader = new(model);
        Graph graph = new();
        bool hasVersion = false, hasGraph = false;
        try
        {
            while (reader.TryReadField(out int field, out WireType type))
            {
                switch (field, type)
                {
                    case (1, WireType.Varint):
                        hasVersion = reader.ReadVarint() > 0;
                        break;
                    case (7, WireType.Bytes):
                        ReadGraph(reader, graph);
                        hasGraph = true;
                        break;
                    default:
                        reader.Skip(type);
                        break;
                }
            }
        }
        catch (InvalidDataException)
        {
            return null;
        }

        graph.Inputs.RemoveAll(input => graph.Initializers.Contains(input.Name));
        return hasVersion && hasGraph && graph.Outputs.Count > 0 ? new ModelSignature { Inputs = ToSchema(graph.Inputs), Outputs = ToSchema(graph.Outputs) } : null;
    }

    private static SignatureSchema? ToSchema(List<(string Name, TensorSpec? Tensor)> values) =>
        values.Count > 0 && values.TrueForAll(value => value.Tensor is not null) ? new SignatureSchema { Tensors = [.. values.Select(value => value.Tensor!)] } : null;

    private static void ReadGraph(ProtobufReader reader, Graph graph)
    {
        long outer = reader.Enter();
        while (reader.TryReadField(out int field, out WireType type))
        {
            switch (field, type)
            {
                case (5, WireType.Bytes):
                    graph.Initializers.Add(graph.Counted(ReadName(reader, at: 8)));
                    break;
                case (11, WireType.Bytes):
                    graph.Add(graph.Inputs, ReadValue(reader));
                    break;
                case (12, WireType.Bytes):
                    graph.Add(graph.Outputs, ReadValue(reader));
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        reader.Leave(outer);
    }

    private static string ReadName(ProtobufReader reader, int at)
    {
        string name = "";
        long outer = reader.Enter();
        while (reader.TryReadField(out int field, out WireType type))
        {
            if (field == at && type == WireType.Bytes)
                name = reader.ReadText();
            else
                reader.Skip(type);
        }

        reader.Leave(outer);
        return name;
    }

    private static (string Name, TensorSpec? Tensor) ReadValue(ProtobufReader reader)
    {
        string name = "";
        (string? Dtype, List<long>? Shape) tensor = default;
        long outer = reader.Enter();
        while (reader.TryReadField(out int field, out WireType type))
        {
            if (field == 1 && type == WireType.Bytes)
                name = reader.ReadText();
            else if (field == 2 && type == WireType.Bytes)
                tensor = ReadType(reader);
            else
                reader.Skip(type);
        }

        reader.Leave(outer);
        return (name, tensor is ({ } dtype, { } shape) ? new TensorSpec(name, dtype, shape) : null);
    }

    private static (string? Dtype, List<long>? Shape) ReadType(ProtobufReader reader)
    {
        (string? Dtype, List<long>? Shape) tensor = default;
        long outer = reader.Enter();
        while (reader.TryReadField(out int field, out WireType type))
        {
            if (field == 1 && type == WireType.Bytes)
                tensor = ReadTensor(reader);
            else
                reader.Skip(type);
        }

        reader.Leave(outer);
        return tensor;
    }

    private static (string? Dtype, List<long>? Shape) ReadTensor(ProtobufReader reader)
    {
        string? dtype = null;
        List<long>? shape = null;
        long outer = reader.Enter();
        while (reader.TryReadField(out int field, out WireType type))
        {
            if (field == 1 && type == WireType.Varint)
                dtype = Dtypes.OfOnnx(reader.ReadVarint());
            else if (field == 2 && type == WireType.Bytes)
                shape = ReadShape(reader);
            else
                reader.Skip(type);
        }

        reader.Leave(outer);
        return (dtype, shape);
    }

    private static List<long> ReadShape(ProtobufReader reader)
    {
        List<long> shape = [];
        long outer = reader.Enter();
        while (reader.TryReadField(out int field, out WireType type))
        {
            if (field != 1 || type != WireType.Bytes)
                reader.Skip(type);
            else if (shape.Count == HighestRank)
                throw new InvalidDataException("The rank is too high.");
            else
                shape.Add(ReadSize(reader));
        }

        reader.Leave(outer);
        return shape;
    }

    private static long ReadSize(ProtobufReader reader)
    {
        long size = -1;
        long outer = reader.Enter();
        while (reader.TryReadField(out int field, out WireType type))
        {
            if (field == 1 && type == WireType.Varint)
                size = Math.Max((long)reader.ReadVarint(), -1);
            else
                reader.Skip(type);
        }

        reader.Leave(outer);
        return size;
    }

    private sealed class Graph
    {
        private long _nameCharacters;

        public HashSet<string> Initializers { get; } = new(StringComparer.Ordinal);

        public List<(string Name, TensorSpec? Tensor)> Inputs { get; } = [];

        public List<(string Name, TensorSpec? Tensor)> Outputs { get; } = [];

        public void Add(List<(string Name, TensorSpec? Tensor)> values, (string Name, TensorSpec? Tensor) value)
        {
            // Models of old versions list each weight as an input too; those are gone once the initializers are known.
            if (Initializers.Contains(value.Name) && values == Inputs)
                return;
            Counted(value.Name);
            if (values.Count == MostValues)
                throw new InvalidDataException("There are too many inputs or outputs.");
            values.Add(value);
        }

        public string Counted(string name) => (_nameCharacters += name.Length) <= MostNameCharacters ? name : throw new InvalidDataException("The names are too long together.");
    }
}
