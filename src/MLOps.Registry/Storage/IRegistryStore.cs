using MLOps.Registry.Audit;
using MLOps.Registry.Promotions;
using MLOps.Tracking.Search;

namespace MLOps.Registry.Storage;

/// <summary>Keeps registered models. It applies changes that <see cref="ModelRegistry"/> has decided on, and answers questions; the rules are not its business.</summary>
/// <remarks>
/// <para>Every store that passes the contract suite can be exchanged for another. All members may be called from any thread. An answer is of one moment.</para>
/// <para>A call that a store cannot serve raises <see cref="RegistryStoreException"/>; nothing of it has happened then.</para>
/// </remarks>
public interface IRegistryStore : IAsyncDisposable
{
    /// <summary>What it can do.</summary>
    RegistryCapabilities Capabilities { get; }

    /// <summary>What identifies the store to people and to caches on disk: the path of its file or its address, without credentials.</summary>
    string Address { get; }

    /// <summary>Opens the store early, so that one that is away or too new is found now. Other calls open it by themselves.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that ends when it is open.</returns>
    ValueTask OpenAsync(CancellationToken cancellationToken);

    /// <summary>Makes changes of one model true, in one transaction with their events in the audit log. What is committed survives the end of the process, and a power loss.</summary>
    /// <param name="commit">The changes.</param>
    /// <param name="cancellationToken">Gives up before the transaction begins, not in it.</param>
    /// <returns>What became of it.</returns>
    ValueTask<CommitOutcome> CommitAsync(RegistryCommit commit, CancellationToken cancellationToken);

    /// <summary>Finds a model by its name.</summary>
    /// <param name="name">The name; case counts.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The model, or null when there is none or it is deleted.</returns>
    ValueTask<RegisteredModel?> FindModelAsync(string name, CancellationToken cancellationToken);

    /// <summary>Finds a model by its key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The model, or null when there is none or it is deleted.</returns>
    ValueTask<RegisteredModel?> FindModelAsync(Guid key, CancellationToken cancellationToken);

    /// <summary>Finds a version.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="number">The number.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The version, or null when there is none or it is deleted.</returns>
    ValueTask<ModelVersion?> FindVersionAsync(string model, int number, CancellationToken cancellationToken);

    /// <summary>Finds the version that an alias points to. A running service asks this often.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="aliasName">The alias; case counts.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The version, or null when there is no such model or alias.</returns>
    ValueTask<ModelVersion?> FindVersionAsync(string model, string aliasName, CancellationToken cancellationToken);

    /// <summary>Finds the newest version of each stage that has one: the highest number.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>At most one version a stage, in the order of <see cref="ModelStage"/>; none for a model that is not there.</returns>
    ValueTask<IReadOnlyList<ModelVersion>> FindLatestVersionsAsync(string model, CancellationToken cancellationToken);

    /// <summary>Finds the versions in a stage.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="stage">The stage, not <see cref="ModelStage.None"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The versions, the lowest number first.</returns>
    ValueTask<IReadOnlyList<ModelVersion>> FindVersionsInStageAsync(string model, ModelStage stage, CancellationToken cancellationToken);

    /// <summary>Finds versions that a run, a parent, a dataset or a commit has led to.</summary>
    /// <param name="link">What they have in common.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The versions that are not deleted, in the order in which they were registered.</returns>
    ValueTask<IReadOnlyList<ModelVersion>> FindVersionsAsync(LineageLink link, CancellationToken cancellationToken);

    /// <summary>Finds models.</summary>
    /// <param name="query">Which, and in which order.</param>
    /// <param name="page">Which part of the answer.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The page.</returns>
    /// <exception cref="ArgumentException">The question or the page makes no sense.</exception>
    /// <exception cref="InvalidPageTokenException">The token belongs to another question.</exception>
    ValueTask<Page<RegisteredModel>> FindModelsAsync(RegisteredModelQuery query, PageRequest page, CancellationToken cancellationToken);

    /// <summary>Finds versions.</summary>
    /// <param name="query">Which, and in which order.</param>
    /// <param name="page">Which part of the answer.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The page.</returns>
    /// <exception cref="ArgumentException">The question or the page makes no sense.</exception>
    /// <exception cref="InvalidPageTokenException">The token belongs to another question.</exception>
    ValueTask<Page<ModelVersion>> FindVersionsAsync(ModelVersionQuery query, PageRequest page, CancellationToken cancellationToken);

    /// <summary>Finds a promotion (<see cref="RegistryCapabilities.Promotion"/>).</summary>
    /// <param name="id">The promotion.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The promotion, or null when there is none, or its model is deleted.</returns>
    ValueTask<Promotion?> FindPromotionAsync(Guid id, CancellationToken cancellationToken);

    /// <summary>Finds the promotions of a model (<see cref="RegistryCapabilities.Promotion"/>).</summary>
    /// <param name="modelKey">The model's key.</param>
    /// <param name="status">Where they stand; null for all.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The promotions, the oldest first.</returns>
    ValueTask<IReadOnlyList<Promotion>> FindPromotionsAsync(Guid modelKey, PromotionStatus? status, CancellationToken cancellationToken);

    /// <summary>The end of the audit log (<see cref="RegistryCapabilities.Audit"/>). It changes whenever anything does, so that those who watch ask for this.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The end.</returns>
    ValueTask<AuditHead> GetAuditHeadAsync(CancellationToken cancellationToken);

    /// <summary>Reads the audit log as it is kept, damage and all (<see cref="RegistryCapabilities.Audit"/>).</summary>
    /// <param name="after">The place to begin after; 0 for the beginning.</param>
    /// <param name="most">The most events, 1 to 10,000.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The events in order; fewer than asked for at the end of the log alone.</returns>
    ValueTask<IReadOnlyList<AuditRecord>> ReadAuditAsync(long after, int most, CancellationToken cancellationToken);

    /// <summary>Reads the events of one model or one of its aliases, deleted ones included (<see cref="RegistryCapabilities.Audit"/>).</summary>
    /// <param name="modelKey">The model's key.</param>
    /// <param name="aliasName">Only moves and removals of this alias; null for all events.</param>
    /// <param name="after">The place to begin after; 0 for the beginning.</param>
    /// <param name="most">The most events, 1 to 10,000.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The events in order; fewer than asked for at the end alone.</returns>
    ValueTask<IReadOnlyList<AuditRecord>> ReadAuditAsync(Guid modelKey, string? aliasName, long after, int most, CancellationToken cancellationToken);

    /// <summary>Finds the keys of all models that ever had a name, deleted ones included (<see cref="RegistryCapabilities.Audit"/>).</summary>
    /// <param name="name">The name.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The keys, the one that has it now or had it last first.</returns>
    ValueTask<IReadOnlyList<Guid>> FindModelKeysAsync(string name, CancellationToken cancellationToken);

    /// <summary>Takes a cursor over the audit log for one of many processes, or goes on holding it (<see cref="RegistryCapabilities.Cursors"/>). A cursor that is new begins at the end of the log.</summary>
    /// <param name="name">The cursor's name, 1 to 250 characters.</param>
    /// <param name="holder">Who asks.</param>
    /// <param name="duration">How long the holder has it, by the store's clock.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The sequence number up to which it has come; null while another holds it.</returns>
    ValueTask<long?> TakeCursorAsync(string name, Guid holder, TimeSpan duration, CancellationToken cancellationToken);

    /// <summary>Moves a cursor (<see cref="RegistryCapabilities.Cursors"/>).</summary>
    /// <param name="name">The cursor's name.</param>
    /// <param name="holder">Who holds it.</param>
    /// <param name="position">The sequence number up to which it has come.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Whether the holder still had it; otherwise nothing has changed.</returns>
    ValueTask<bool> MoveCursorAsync(string name, Guid holder, long position, CancellationToken cancellationToken);
}
