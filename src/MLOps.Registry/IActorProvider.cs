namespace MLOps.Registry;

/// <summary>Says who acts: what the audit log writes down, and by whom approvals are counted. A host gives the authenticated caller.</summary>
/// <remarks>Called on every change, from any thread, in the flow of control of the caller.</remarks>
public interface IActorProvider
{
    /// <summary>Who acts now.</summary>
    /// <returns>1 to 250 characters, the same for the same person.</returns>
    string GetActor();
}
