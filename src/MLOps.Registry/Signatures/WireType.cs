namespace MLOps.Registry.Signatures;

/// <summary>How a field of a protobuf message is written. Groups, 3 and 4, are not used by anything read here.</summary>
internal enum WireType
{
    Varint = 0,
    Fixed64 = 1,
    Bytes = 2,
    Fixed32 = 5,
}
