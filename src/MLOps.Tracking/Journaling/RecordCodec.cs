using System.Collections.ObjectModel;
using MLOps.Tracking.Storage;

namespace MLOps.Tracking.Journaling;

/// <summary>How each record but a point is written into a journal and read back. New fields go to the end of a record; padding reads as zero.</summary>
internal static class RecordCodec
{
    public static RecordKind Kind(TrackingRecord record) => record switch
    {
        TrackingRecord.RunStarted => RecordKind.RunStarted,
        TrackingRecord.RunUpdated => RecordKind.RunUpdated,
        TrackingRecord.ParamLogged => RecordKind.ParamLogged,
        TrackingRecord.TagSet => RecordKind.TagSet,
        TrackingRecord.TagDeleted => RecordKind.TagDeleted,
        TrackingRecord.DatasetUsed => RecordKind.DatasetUsed,
        TrackingRecord.ModelUsed or TrackingRecord.ModelProduced => throw Unwritable(record),
        _ => throw new ArgumentException($"{record.GetType().Name} is not written as one record.", nameof(record)),
    };

    public static void Write(ref PayloadWriter payload, TrackingRecord record)
    {
        payload.Write(record.RunId.Value);
        switch (record)
        {
            case TrackingRecord.RunStarted start:
                payload.Write(start.StartedAtMs);
                payload.Write(start.ExperimentName);
                payload.Write(start.ExperimentId?.Value);
                payload.Write(start.Name);
                payload.Write(start.User);
                payload.Write(start.Parent?.Value);
                payload.Write(start.ArtifactLocation);
                payload.Write((byte)start.Status);
                break;
            case TrackingRecord.RunUpdated update:
                payload.Write(update.Status is { } status ? (byte)status : (byte)0);
                payload.Write(update.EndedAtMs);
                payload.Write(update.Name);
                break;
            case TrackingRecord.ParamLogged param:
                payload.Write(param.Key);
                payload.Write(param.Value);
                break;
            case TrackingRecord.TagSet tag:
                payload.Write(tag.Key);
                payload.Write(tag.Value);
                break;
            case TrackingRecord.TagDeleted tag:
                payload.Write(tag.Key);
                break;
            case TrackingRecord.DatasetUsed used:
                payload.Write(used.Dataset.Name);
                payload.Write(used.Dataset.Digest);
                payload.Write(used.Dataset.SourceType);
                payload.Write(used.Dataset.Source);
                payload.Write(used.Dataset.Schema);
                payload.Write(used.Dataset.Profile);
                payload.Write(used.Dataset.Role);
                payload.Write((uint)used.Dataset.Tags.Count);
                foreach ((string key, string value) in used.Dataset.Tags)
                {
                    payload.Write(key);
                    payload.Write(value);
                }

                break;
            case TrackingRecord.ModelUsed or TrackingRecord.ModelProduced:
                throw Unwritable(record);
        }
    }

    public static TrackingRecord Read(RecordKind kind, ReadOnlySpan<byte> record)
    {
        var payload = new PayloadReader(record);
        var run = new RunId(payload.ReadString());
        switch (kind)
        {
            case RecordKind.RunStarted or RecordKind.RunStartedCopy:
                return new TrackingRecord.RunStarted(run, payload.ReadInt64())
                {
                    ExperimentName = payload.ReadOptionalString(),
                    ExperimentId = payload.ReadOptionalString() is { } id ? new ExperimentId(id) : null,
                    Name = payload.ReadString(),
                    User = payload.ReadString(),
                    Parent = payload.ReadOptionalString() is { } parent ? new RunId(parent) : null,
                    ArtifactLocation = payload.ReadOptionalString(),
                    Status = (RunStatus)payload.ReadByte(),
                };
            case RecordKind.RunUpdated:
                byte status = payload.ReadByte();
                return new TrackingRecord.RunUpdated(run)
                {
                    Status = status == 0 ? null : (RunStatus)status,
                    EndedAtMs = payload.ReadOptionalInt64(),
                    Name = payload.ReadOptionalString(),
                };
            case RecordKind.ParamLogged:
                return new TrackingRecord.ParamLogged(run, payload.ReadString(), payload.ReadString());
            case RecordKind.TagSet:
                return new TrackingRecord.TagSet(run, payload.ReadString(), payload.ReadString());
            case RecordKind.TagDeleted:
                return new TrackingRecord.TagDeleted(run, payload.ReadString());
            case RecordKind.DatasetUsed:
                return new TrackingRecord.DatasetUsed(run, new DatasetInput
                {
                    Name = payload.ReadString(),
                    Digest = payload.ReadString(),
                    SourceType = payload.ReadString(),
                    Source = payload.ReadString(),
                    Schema = payload.ReadOptionalString(),
                    Profile = payload.ReadOptionalString(),
                    Role = payload.ReadOptionalString(),
                    Tags = ReadTags(ref payload),
                });
            default:
                throw new JournalException($"A journal holds a record of kind {(byte)kind}, which this program does not know. It was written by a newer version; update the MLOps packages of this program.");
        }
    }

    // Journals that were written before inputs had tags end before their number.
    private static IReadOnlyDictionary<string, string> ReadTags(ref PayloadReader payload)
    {
        uint count = payload.ReadUInt32OrZero();
        if (count == 0)
            return ReadOnlyDictionary<string, string>.Empty;
        Dictionary<string, string> tags = new(StringComparer.Ordinal);
        for (uint i = 0; i < count; i++)
            tags[payload.ReadString()] = payload.ReadString();
        return tags;
    }

    private static NotSupportedException Unwritable(TrackingRecord record) =>
        new($"{record.GetType().Name} cannot be written into a journal: journals do not carry logged models. Append it to the store (ITrackingStore.AppendAsync).");
}
