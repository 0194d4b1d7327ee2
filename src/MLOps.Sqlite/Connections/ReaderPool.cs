using SQLitePCL;

namespace MLOps.Sqlite.Connections;

/// <summary>Connections that only read. They are opened when a read finds none idle; a few are kept.</summary>
internal sealed class ReaderPool(string file, object owner) : IDisposable
{
    private const int MostIdle = 8;
    private readonly Stack<Session> _idle = new();
    private bool _disposed;

    /// <summary>Asks a question in one read transaction, so that the answer is of one moment.</summary>
    public T Ask<T>(Func<Session, T> question)
    {
        Session session = Rent();
        try
        {
            session.Connection.BeginReading();
            T answer = question(session);
            session.Connection.Commit();
            Return(session);
            return answer;
        }
        catch
        {
            // A connection that failed is not worth the doubt.
            session.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        lock (_idle)
        {
            _disposed = true;
            while (_idle.TryPop(out Session? session))
                session.Dispose();
        }
    }

    private Session Rent()
    {
        lock (_idle)
        {
            ObjectDisposedException.ThrowIf(_disposed, owner);
            if (_idle.TryPop(out Session? session))
                return session;
        }

        return new Session(Connection.Open(file, raw.SQLITE_OPEN_READONLY));
    }

    private void Return(Session session)
    {
        lock (_idle)
        {
            if (!_disposed && _idle.Count < MostIdle)
            {
                _idle.Push(session);
                return;
            }
        }

        session.Dispose();
    }
}
