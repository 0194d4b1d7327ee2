namespace MLOps.Registry.Contract.StateMachine;

/// <summary>What an operation of a random sequence does.</summary>
public enum OperationKind
{
    Create,
    Register,
    Rename,
    DescribeModel,
    TagModel,
    UntagModel,
    DescribeVersion,
    TagVersion,
    UntagVersion,
    Stage,
    MoveAlias,
    SwapAlias,
    RemoveAlias,
    DeleteVersion,
    DeleteModel,
    SetPolicy,
    RemovePolicy,
    Propose,
    GiveEvidence,
    Approve,
    ApproveAsFirstRead,
    Reject,
    Rollback,
    GetByAlias,
    GetLatest,
    Wait,
    Reopen,
}
