using Fleet.RootTasks;

namespace Fleet.RootHelper;

/// <summary>A step of the check that failed: nothing runs, and the log says why.</summary>
internal sealed class Denied(RootDenial code, string message) : Exception(message)
{
    public RootDenial Code => code;
}
