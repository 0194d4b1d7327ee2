namespace MLOps.Tracking.Journaling;

/// <summary>What a slot holds; the top byte of its commit word. The numbers are the file format.</summary>
internal enum RecordKind : byte
{
    None = 0,
    Point = 1,
    SeriesDefined = 2,
    RunStarted = 3,

    /// <summary>A second copy, so that one damaged slot does not orphan all that the run logged.</summary>
    RunStartedCopy = 4,
    RunUpdated = 5,
    ParamLogged = 6,
    TagSet = 7,
    TagDeleted = 8,
    DatasetUsed = 9,

    /// <summary>A slot that a reservation could not use.</summary>
    Pad = 254,

    /// <summary>The second or a later slot of a record.</summary>
    Continuation = 255,
}
