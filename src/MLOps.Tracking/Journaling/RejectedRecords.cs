using System.Text.Json;

namespace MLOps.Tracking.Journaling;

/// <summary>Writes refused records down, synced, before they leave the journal.</summary>
internal sealed class RejectedRecords(JournalRoot root)
{
    public string PathOf(Guid journal) => Path.Combine(root.RejectedFolder, journal.ToString("N") + ".jsonl");

    public void Write(Guid journal, IEnumerable<RejectedRecord> records)
    {
        Directory.CreateDirectory(root.RejectedFolder);
        using var file = new FileStream(PathOf(journal), FileMode.Append, FileAccess.Write, FileShare.Read);
        foreach (RejectedRecord record in records)
        {
            JsonSerializer.Serialize(file, record, RejectedJson.Default.RejectedRecord);
            file.WriteByte((byte)'\n');
        }

        file.Flush(flushToDisk: true);
    }
}
