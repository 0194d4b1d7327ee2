namespace MLOps.Training;

/// <summary>The functions of libtorch that autocast is made of, found once. All they change belongs to the calling thread.</summary>
internal sealed unsafe class AutocastFunctions
{
    private static AutocastFunctions? _found;

    private readonly delegate* unmanaged<sbyte, byte> _isEnabled = (delegate* unmanaged<sbyte, byte>)NativeExports.Find(NativeExports.IsAutocastEnabled);
    private readonly delegate* unmanaged<sbyte, byte, void> _setEnabled = (delegate* unmanaged<sbyte, byte, void>)NativeExports.Find(NativeExports.SetAutocastEnabled);
    private readonly delegate* unmanaged<sbyte, sbyte> _getType = (delegate* unmanaged<sbyte, sbyte>)NativeExports.Find(NativeExports.GetAutocastType);
    private readonly delegate* unmanaged<sbyte, sbyte, void> _setType = (delegate* unmanaged<sbyte, sbyte, void>)NativeExports.Find(NativeExports.SetAutocastType);
    private readonly delegate* unmanaged<int> _increment = (delegate* unmanaged<int>)NativeExports.Find(NativeExports.IncrementNesting);
    private readonly delegate* unmanaged<int> _decrement = (delegate* unmanaged<int>)NativeExports.Find(NativeExports.DecrementNesting);
    private readonly delegate* unmanaged<void> _clearCache = (delegate* unmanaged<void>)NativeExports.Find(NativeExports.ClearCache);

    private AutocastFunctions() { }

    /// <summary>The functions; null where libtorch is not loaded or lacks one of them.</summary>
    public static AutocastFunctions? Found => _found ??= NativeExports.HasAll(NativeExports.OfAutocast) ? new() : null;

    public bool IsEnabled(sbyte device) => _isEnabled(device) != 0;

    public sbyte TypeOf(sbyte device) => _getType(device);

    public void Set(sbyte device, bool isEnabled, sbyte type)
    {
        _setEnabled(device, isEnabled ? (byte)1 : (byte)0);
        _setType(device, type);
    }

    public void ClearCache() => _clearCache();

    public void Enter() => _increment();

    /// <summary>Leaves a scope; casts of weights are kept until the outermost one is left.</summary>
    public void Leave()
    {
        if (_decrement() == 0)
            ClearCache();
    }
}
