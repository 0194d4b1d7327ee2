using MLOps.Server.Wire;
using MLOps.Tracking.Artifacts;

namespace MLOps.Server.Artifacts;

/// <summary>The artifact folders that were asked for last, with the manifests that they have read: a client that moves a folder asks once for each of its files.</summary>
internal sealed class ArtifactFolders(ArtifactStores stores, OpenedFolders opened)
{
    private const int Kept = 64;
    private readonly Lock _gate = new();
    private readonly Dictionary<Uri, LinkedListNode<ArtifactFolder>> _folders = [];
    private readonly LinkedList<ArtifactFolder> _byUse = [];

    /// <summary>Opens the artifacts at a location.</summary>
    /// <exception cref="ArtifactStoreException">No store here serves it.</exception>
    /// <exception cref="MlflowException">It is a folder of this machine that is not opened to callers.</exception>
    public ArtifactFolder Open(Uri location)
    {
        opened.Demand(location);
        lock (_gate)
        {
            if (_folders.TryGetValue(location, out LinkedListNode<ArtifactFolder>? node))
            {
                _byUse.Remove(node);
            }
            else
            {
                node = new(stores.Open(location));
                _folders.Add(location, node);
            }

            _byUse.AddFirst(node);
            if (_byUse.Count > Kept)
            {
                _folders.Remove(_byUse.Last!.Value.Location);
                _byUse.RemoveLast();
            }

            return node.Value;
        }
    }

    /// <summary>The store of a location.</summary>
    /// <exception cref="ArtifactStoreException">No store here serves it.</exception>
    /// <exception cref="MlflowException">It is a folder of this machine that is not opened to callers.</exception>
    public IArtifactStore StoreOf(Uri location)
    {
        opened.Demand(location);
        return stores.GetStore(location);
    }
}
