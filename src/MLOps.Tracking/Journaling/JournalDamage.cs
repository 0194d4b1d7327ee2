namespace MLOps.Tracking.Journaling;

/// <summary>What could not be read of a journal.</summary>
/// <param name="Slots">Slots whose CRC did not hold.</param>
/// <param name="NamelessPoints">Whole points whose series could not be named because its definitions were lost.</param>
/// <param name="CutBytes">Bytes missing from the end of segments.</param>
internal readonly record struct JournalDamage(int Slots, int NamelessPoints, long CutBytes)
{
    public bool IsNone => Slots == 0 && NamelessPoints == 0 && CutBytes == 0;

    public override string ToString() => $"{Slots} damaged slots, {NamelessPoints} points without a name, {CutBytes} bytes cut off";
}
