using MLOps.Tracking.Artifacts.Encryption;

namespace MLOps.Tracking;

/// <summary>Encrypts artifacts on this side, whatever store keeps them.</summary>
public static class ArtifactEncryptionExtensions
{
    /// <summary>Encrypts the artifacts of this tracker, manifests included, in all of its artifact stores, local files included. Call it after the other layers: it belongs next to the stores.</summary>
    /// <param name="builder">The builder.</param>
    /// <param name="keys">Makes and unwraps keys, for example <see cref="LocalKeyFile.Open"/>; not disposed.</param>
    /// <param name="allowPlain">Whether artifacts that are not encrypted are served; see <see cref="EncryptedArtifactStore"/>. Default false.</param>
    /// <returns>This builder.</returns>
    /// <remarks>Params, metrics, tags and logs are not artifacts: they lie in the plain in the journal and in the tracking store. So do copies of artifacts that are staged beside the journal while a store is away.</remarks>
    public static TrackingBuilder EncryptArtifacts(this TrackingBuilder builder, IArtifactKeyProvider keys, bool allowPlain = false)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(keys);
        return builder.DecorateArtifactStores((store, _) => new EncryptedArtifactStore(store, keys, allowPlain));
    }
}
