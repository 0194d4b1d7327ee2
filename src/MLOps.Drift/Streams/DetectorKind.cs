namespace MLOps.Drift.Streams;

/// <summary>The detectors as saved states number them; numbers are never given twice.</summary>
internal enum DetectorKind : byte
{
    Ddm = 1,
    Eddm = 2,
    HddmA = 3,
    HddmW = 4,
    Fhddm = 5,
    Adwin = 6,
    PageHinkley = 7,
    Cusum = 8,
    Ewma = 9,
    Kswin = 10,
}
